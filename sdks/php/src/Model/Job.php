<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\JobStatus;
use LinkSkipper\Sdk\Enum\ProviderTier;

/** The state of a job. `trace` and `reason` are there if they were asked for. `traceOmittedHops` is how many hops a very
 * long trace lacks at its end. `url`, `createdAt` and `finishedAt` are there in lists. */
final readonly class Job
{
    public function __construct(
        public string $jobId,
        public JobStatus $status,
        public ?string $targetUrl,
        public ?string $provider,
        public ?ProviderTier $tier,
        public ?string $error,
        public ?int $creditsCharged,
        public ?int $balance,
        /** @var list<TraceHop>|null */
        public ?array $trace,
        public ?int $traceOmittedHops,
        public ?string $reason,
        public ?string $url,
        public ?Timestamp $createdAt,
        public ?Timestamp $finishedAt,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
