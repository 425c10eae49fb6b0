"""The life of a job: submitted, worked on, settled, read."""

from linkskipper.jobs.model import ERRORS, JobState, NewJob, Queued, Resolved, Status
from linkskipper.jobs.prune import prune_idempotency_keys, prune_jobs
from linkskipper.jobs.read import JobReader
from linkskipper.jobs.settle import Settler
from linkskipper.jobs.submit import Submitted, Submitter
from linkskipper.jobs.watch import Watch
from linkskipper.jobs.work import Workshop

__all__ = [
    "ERRORS",
    "JobReader",
    "JobState",
    "NewJob",
    "Queued",
    "Resolved",
    "Settler",
    "Status",
    "Submitted",
    "Submitter",
    "Watch",
    "Workshop",
    "prune_idempotency_keys",
    "prune_jobs",
]
