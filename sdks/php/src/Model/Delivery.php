<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\DeliveryStatus;
use LinkSkipper\Sdk\Enum\WebhookEventName;

/** A webhook event on its way to a receiver. `id` is the `webhook-id` of each of its attempts. */
final readonly class Delivery
{
    public function __construct(
        public string $id,
        public ?string $jobId,
        public ?WebhookEventName $event,
        public ?string $url,
        public DeliveryStatus $status,
        public ?int $attempts,
        public ?Timestamp $createdAt,
        public ?Timestamp $nextAttemptAt,
        public ?Timestamp $endedAt,
        public bool $paused,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
