<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\ProviderTier;
use LinkSkipper\Sdk\Enum\ResolveStatus;

/** What became of a call of `resolve`: a resolved link, or a queued job. `status` and `isDone()` tell which. */
final readonly class ResolveResult
{
    public function __construct(
        public ?string $jobId,
        public ResolveStatus $status,
        public ?string $url,
        public ?string $targetUrl,
        public ?string $provider,
        public ?ProviderTier $tier,
        public ?int $creditsCharged,
        public ?bool $cached,
        public ?int $balance,
        public ?int $queuePosition,
        public ?string $pollUrl,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }

    /** Say whether the link was resolved. */
    public function isDone(): bool
    {
        return $this->status === ResolveStatus::Done;
    }
}
