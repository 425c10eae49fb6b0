<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** The HTTP status and headers of an answer, read. `attempts` is how many attempts the exchange took. */
final readonly class Meta
{
    public function __construct(
        public int $status,
        public ?string $requestId,
        public RateLimit $rateLimit,
        /** @var array<string, string> by names in lower case */
        public array $headers,
        public int $attempts,
    ) {
    }
}
