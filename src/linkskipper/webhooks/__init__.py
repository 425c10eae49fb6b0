"""Webhooks: the end of a job, told to whoever asked to be told; signed, retried for days, recorded."""

from linkskipper.webhooks.attempts import AttemptRecorder
from linkskipper.webhooks.client import WebhookClient
from linkskipper.webhooks.deliveries import list_deliveries, read_attempts, read_delivery
from linkskipper.webhooks.events import EVENTS
from linkskipper.webhooks.hosts import Hosts, rescue_stuck_hosts, rescue_work
from linkskipper.webhooks.model import Attempt, Delivery, DeliveryStatus, JobEnd
from linkskipper.webhooks.outbox import queue_events
from linkskipper.webhooks.preview import SignedEvent, tell
from linkskipper.webhooks.redelivery import redeliver, redeliver_since
from linkskipper.webhooks.retention import prune_deliveries
from linkskipper.webhooks.schedule import Schedule
from linkskipper.webhooks.wakeups import QUEUES
from linkskipper.webhooks.worker import DeliveryWorker

__all__ = [
    "EVENTS",
    "QUEUES",
    "Attempt",
    "AttemptRecorder",
    "Delivery",
    "DeliveryStatus",
    "DeliveryWorker",
    "Hosts",
    "JobEnd",
    "Schedule",
    "SignedEvent",
    "WebhookClient",
    "list_deliveries",
    "prune_deliveries",
    "queue_events",
    "read_attempts",
    "read_delivery",
    "redeliver",
    "redeliver_since",
    "rescue_stuck_hosts",
    "rescue_work",
    "tell",
]
