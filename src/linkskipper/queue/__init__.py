"""The queue: PgQueuer on our own connections. Only this room knows PgQueuer and its tables.

Other rooms see the ids of queue entries, and the view `queue_entries` of those that wait or are under way. It holds the
last heartbeat of each.
"""

from linkskipper.queue.entries import QueueDepth, QueueEntry, list_queue_entries, read_depths, run_next
from linkskipper.queue.install import install_queue, prune_log
from linkskipper.queue.items import NewQueueItem, QueueItem, enqueue
from linkskipper.queue.jobs import QueuedJob, enqueue_jobs, enqueue_jobs_first, job_id_of
from linkskipper.queue.measure import measuring
from linkskipper.queue.worker import QueueWorker

__all__ = [
    "NewQueueItem",
    "QueueDepth",
    "QueueEntry",
    "QueueItem",
    "QueueWorker",
    "QueuedJob",
    "enqueue",
    "enqueue_jobs",
    "enqueue_jobs_first",
    "install_queue",
    "job_id_of",
    "list_queue_entries",
    "measuring",
    "prune_log",
    "read_depths",
    "run_next",
]
