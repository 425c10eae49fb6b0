"""Webhooks: signed events of ended jobs, retried for days, with every attempt recorded."""

from linkskipper.webhooks.attempts import AttemptRecorder, AttemptResult
from linkskipper.webhooks.client import WebhookClient, request_headers
from linkskipper.webhooks.deliveries import (
    Attempt,
    Delivery,
    DeliveryStatus,
    find_delivery_of_job,
    list_account_deliveries,
    list_deliveries,
    read_account_delivery,
    read_attempts,
    read_delivery,
)
from linkskipper.webhooks.events import EVENT_NAMES, JobEvent, NewDelivery, job_event
from linkskipper.webhooks.hosts import (
    DeliveryBacklog,
    HostState,
    ReceivingHost,
    find_host,
    list_hosts,
    pause_host,
    read_backlog,
    resume_host,
)
from linkskipper.webhooks.leases import HostLeases
from linkskipper.webhooks.outbox import queue_events
from linkskipper.webhooks.pending import PendingDeliveries, PendingDelivery
from linkskipper.webhooks.preview import SignedEvent, preview_events
from linkskipper.webhooks.receivers import ExemptReceivers, Receivers, receiver_problem
from linkskipper.webhooks.redelivery import (
    REDELIVERY_PART,
    RedeliveryPart,
    RedeliveryPlace,
    count_account_undelivered,
    redeliver,
    redeliver_account_part,
    redeliver_part,
    redeliver_within,
    redelivery_since,
)
from linkskipper.webhooks.rescue import rescue_stuck_hosts, rescue_work
from linkskipper.webhooks.retention import ATTEMPTS, drop_attempts, prune_attempts, prune_deliveries
from linkskipper.webhooks.schedule import RetrySchedule
from linkskipper.webhooks.test_events import MAX_TESTS, limit_test_events, queue_test_event
from linkskipper.webhooks.verification import Signature, read_signatures
from linkskipper.webhooks.wakeups import QUEUE_LIMITS
from linkskipper.webhooks.worker import DeliveryWorker

__all__ = [
    "ATTEMPTS",
    "EVENT_NAMES",
    "MAX_TESTS",
    "QUEUE_LIMITS",
    "REDELIVERY_PART",
    "Attempt",
    "AttemptRecorder",
    "AttemptResult",
    "Delivery",
    "DeliveryBacklog",
    "DeliveryStatus",
    "DeliveryWorker",
    "ExemptReceivers",
    "HostLeases",
    "HostState",
    "JobEvent",
    "NewDelivery",
    "PendingDeliveries",
    "PendingDelivery",
    "Receivers",
    "ReceivingHost",
    "RedeliveryPart",
    "RedeliveryPlace",
    "RetrySchedule",
    "Signature",
    "SignedEvent",
    "WebhookClient",
    "count_account_undelivered",
    "drop_attempts",
    "find_delivery_of_job",
    "find_host",
    "job_event",
    "limit_test_events",
    "list_account_deliveries",
    "list_deliveries",
    "list_hosts",
    "pause_host",
    "preview_events",
    "prune_attempts",
    "prune_deliveries",
    "queue_events",
    "queue_test_event",
    "read_account_delivery",
    "read_attempts",
    "read_backlog",
    "read_delivery",
    "read_signatures",
    "receiver_problem",
    "redeliver",
    "redeliver_account_part",
    "redeliver_part",
    "redeliver_within",
    "redelivery_since",
    "request_headers",
    "rescue_stuck_hosts",
    "rescue_work",
    "resume_host",
]
