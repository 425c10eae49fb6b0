<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\ProviderTier;

/** Where a link leads. `jobId` is null for a link from the cache. */
final readonly class ResolvedLink
{
    public function __construct(
        public ?string $jobId,
        public string $targetUrl,
        public string $provider,
        public ProviderTier $tier,
        public ?int $creditsCharged,
        public ?int $balance,
        public bool $cached,
        public ?string $url,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
