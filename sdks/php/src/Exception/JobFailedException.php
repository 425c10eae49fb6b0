<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

use LinkSkipper\Sdk\Model\Job;
use LinkSkipper\Sdk\Model\TraceHop;

/**
 * The job ended failed or invalid.
 *
 * `job` is null where the service only told that the job of an idempotency key had failed. `reason` is
 * `resolve_failed` or `unsupported_link`.
 */
final class JobFailedException extends LinkSkipperException
{
    /** The precise rule that ended the job, such as `captcha_required`, if the service tells it. */
    public readonly ?string $stopReason;

    /** @var list<TraceHop>|null the hops that were taken, if the service tells them */
    public readonly ?array $trace;

    public function __construct(
        string $message,
        public readonly ?Job $job,
        public readonly string $reason = 'resolve_failed',
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, 0, $previous);
        $this->jobId = $job?->jobId;
        $this->stopReason = $job?->reason;
        $this->trace = $job?->trace;
    }
}
