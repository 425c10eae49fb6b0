"""Jobs: submit, run, complete, read and delete them."""

from linkskipper.jobs.completer import JobCompleter
from linkskipper.jobs.notifications import JobNotifier, JobSubscription, count_listeners
from linkskipper.jobs.operation import JobRate, QueuedLink, cancel_job, read_job_rate, read_queued_links
from linkskipper.jobs.overview import (
    JobCounts,
    JobDetails,
    JobFilter,
    JobOwner,
    JobRow,
    count_jobs,
    list_owner_jobs,
    newest_job,
    read_details,
)
from linkskipper.jobs.read import JobReader, list_jobs
from linkskipper.jobs.retention import prune_idempotency_keys, prune_jobs
from linkskipper.jobs.runner import JobRunner
from linkskipper.jobs.states import (
    ERRORS,
    JobPage,
    JobResult,
    JobState,
    JobStatus,
    ListedJob,
    NewJob,
    Queued,
    Resolved,
    ServiceReason,
    Trace,
)
from linkskipper.jobs.stream_places import StreamPlace, StreamPlaces, close_stream
from linkskipper.jobs.submission import JobSubmitter, SubmitResult

__all__ = [
    "ERRORS",
    "JobCompleter",
    "JobCounts",
    "JobDetails",
    "JobFilter",
    "JobNotifier",
    "JobOwner",
    "JobPage",
    "JobRate",
    "JobReader",
    "JobResult",
    "JobRow",
    "JobRunner",
    "JobState",
    "JobStatus",
    "JobSubmitter",
    "JobSubscription",
    "ListedJob",
    "NewJob",
    "Queued",
    "QueuedLink",
    "Resolved",
    "ServiceReason",
    "StreamPlace",
    "StreamPlaces",
    "SubmitResult",
    "Trace",
    "cancel_job",
    "close_stream",
    "count_jobs",
    "count_listeners",
    "list_jobs",
    "list_owner_jobs",
    "newest_job",
    "prune_idempotency_keys",
    "prune_jobs",
    "read_details",
    "read_job_rate",
    "read_queued_links",
]
