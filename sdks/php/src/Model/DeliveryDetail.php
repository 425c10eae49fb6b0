<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** A delivery with its event and its attempts, the oldest first. */
final readonly class DeliveryDetail
{
    public function __construct(
        public Delivery $delivery,
        public WebhookEvent $payload,
        /** @var list<DeliveryAttempt> */
        public array $attempts,
        public Meta $meta,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }
}
