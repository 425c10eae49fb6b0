<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\ProviderTier;

/** A provider that the account's credits can be spent on. */
final readonly class AccountProvider
{
    public function __construct(
        public string $provider,
        public ?string $label,
        public ?ProviderTier $tier,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
