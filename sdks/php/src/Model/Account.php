<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** The account that a key belongs to. */
final readonly class Account
{
    public function __construct(
        public ?int $telegramId,
        public int $balance,
        public ?Timestamp $subscriptionUntil,
        /** @var list<AccountProvider> */
        public array $providers,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
