<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** One attempt at a delivery. `response` is how the body of the receiver's answer began. */
final readonly class DeliveryAttempt
{
    public function __construct(
        public int $number,
        public ?Timestamp $startedAt,
        public int|float|null $milliseconds,
        public ?int $status,
        public ?string $error,
        public ?string $response,
    ) {
    }
}
