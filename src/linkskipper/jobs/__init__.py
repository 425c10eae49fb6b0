"""The life of a job: submitted, worked on, settled, read."""

from linkskipper.jobs.completer import JobCompleter
from linkskipper.jobs.notifications import JobNotifier
from linkskipper.jobs.read import JobReader
from linkskipper.jobs.retention import prune_idempotency_keys, prune_jobs
from linkskipper.jobs.runner import JobRunner
from linkskipper.jobs.states import ERRORS, JobState, JobStatus, NewJob, Queued, Resolved
from linkskipper.jobs.submission import JobSubmitter, Submitted

__all__ = [
    "ERRORS",
    "JobCompleter",
    "JobNotifier",
    "JobReader",
    "JobRunner",
    "JobState",
    "JobStatus",
    "JobSubmitter",
    "NewJob",
    "Queued",
    "Resolved",
    "Submitted",
    "prune_idempotency_keys",
    "prune_jobs",
]
