"""Webhooks: the end of a job, told to whoever asked to be told; signed, retried for days, recorded."""

from linkskipper.webhooks.attempt import Sender
from linkskipper.webhooks.dispatch import Dispatcher
from linkskipper.webhooks.event import EVENTS
from linkskipper.webhooks.hosts import Hosts, wake_forgotten, wake_forgotten_for_ever
from linkskipper.webhooks.model import Attempt, Delivery, JobEnd, Status
from linkskipper.webhooks.prune import prune_deliveries
from linkskipper.webhooks.queue import queue_events
from linkskipper.webhooks.read import list_deliveries, read_attempts, read_delivery
from linkskipper.webhooks.record import Record
from linkskipper.webhooks.redeliver import redeliver, redeliver_since
from linkskipper.webhooks.schedule import Schedule
from linkskipper.webhooks.tell import Told, tell
from linkskipper.webhooks.wakeups import QUEUES

__all__ = [
    "EVENTS",
    "QUEUES",
    "Attempt",
    "Delivery",
    "Dispatcher",
    "Hosts",
    "JobEnd",
    "Record",
    "Schedule",
    "Sender",
    "Status",
    "Told",
    "list_deliveries",
    "prune_deliveries",
    "queue_events",
    "read_attempts",
    "read_delivery",
    "redeliver",
    "redeliver_since",
    "tell",
    "wake_forgotten",
    "wake_forgotten_for_ever",
]
