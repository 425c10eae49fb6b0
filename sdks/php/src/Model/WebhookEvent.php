<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\JobStatus;
use LinkSkipper\Sdk\Enum\ProviderTier;
use LinkSkipper\Sdk\Enum\WebhookEventName;

/** The end of a job, as a webhook tells it. `webhookId` is the same on every attempt: remember it to ignore repeats. */
final readonly class WebhookEvent
{
    public function __construct(
        public WebhookEventName $event,
        public ?Timestamp $createdAt,
        public string $jobId,
        public JobStatus $status,
        public ?string $targetUrl,
        public ?string $provider,
        public ?ProviderTier $tier,
        public ?string $error,
        public ?int $creditsCharged,
        public ?int $balance,
        public ?string $webhookId,
        /** @var array<string, mixed> */
        public array $raw,
    ) {
    }

    /** Say whether the link was resolved. */
    public function isDone(): bool
    {
        return $this->status === JobStatus::Done;
    }
}
