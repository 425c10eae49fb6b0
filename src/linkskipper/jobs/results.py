"""Turn what an attempt found into the result that completes its job."""

from hashlib import sha256

from linkskipper.jobs.states import JobAttempt, JobResult, JobStatus
from linkskipper.jobs.trace import encode_trace
from linkskipper.link_cache import CachedLink
from linkskipper.resolver import Reason, Resolution


def is_of(attempt: JobAttempt, resolution: Resolution) -> bool:
    """Tell whether a resolution began at the attempt's link. A text may read as another link to another catalogue."""
    return not resolution.hops or sha256(resolution.hops[0].url.encode()).digest() == attempt.link_hash


def failure(attempt: JobAttempt, reason: str) -> JobResult:
    """Return a failure that is free of charge."""
    return JobResult(attempt.job_id, attempt.attempt, attempt.lease, JobStatus.FAILED, reason=reason)


def result_from_cache(attempt: JobAttempt, cached: CachedLink) -> JobResult:
    """Return a free result: credits pay for a resolution (docs/reference/api.md, "Credits")."""
    if cached.target_url is None:
        return failure(attempt, Reason.LINK_REMOVED)
    return JobResult(
        attempt.job_id,
        attempt.attempt,
        attempt.lease,
        JobStatus.DONE,
        target_url=cached.target_url,
        provider=cached.provider,
        tier=cached.tier,
    )


def result_from_resolution(attempt: JobAttempt, resolution: Resolution) -> JobResult:
    """Return the result of a resolution. Targets and removed links go into the cache."""
    done = resolution.target_url is not None
    provider, tier = resolution.provider or attempt.provider, resolution.tier or attempt.tier
    cacheable = done or resolution.reason is Reason.LINK_REMOVED
    hops, omitted_hops = encode_trace(resolution.hops)
    cached = CachedLink(attempt.link_hash, attempt.canonical_url, resolution.target_url, provider, tier)
    return JobResult(
        attempt.job_id,
        attempt.attempt,
        attempt.lease,
        JobStatus(resolution.status),
        target_url=resolution.target_url,
        provider=provider,
        tier=tier,
        reason=resolution.reason,
        hops=hops,
        omitted_hops=omitted_hops,
        price=resolution.cost if done else 0,
        cached=cached if cacheable else None,
    )
