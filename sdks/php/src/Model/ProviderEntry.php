<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\ProviderStatus;
use LinkSkipper\Sdk\Enum\ProviderTier;

/** A provider of the catalog. `latency` is a text for people, such as `1-2s`. */
final readonly class ProviderEntry
{
    public function __construct(
        public string $provider,
        public ?string $label,
        /** @var list<string> */
        public array $hosts,
        public ?ProviderTier $tier,
        public ?string $latency,
        public ?int $resolveCost,
        public ?ProviderStatus $status,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
