<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Enum\DeliveryStatus;
use LinkSkipper\Sdk\Enum\JobStatus;
use LinkSkipper\Sdk\Enum\ProviderStatus;
use LinkSkipper\Sdk\Enum\ProviderTier;
use LinkSkipper\Sdk\Enum\ResolveStatus;
use LinkSkipper\Sdk\Enum\WebhookEventName;
use LinkSkipper\Sdk\Model\Account;
use LinkSkipper\Sdk\Model\AccountProvider;
use LinkSkipper\Sdk\Model\Delivery;
use LinkSkipper\Sdk\Model\DeliveryAttempt;
use LinkSkipper\Sdk\Model\DeliveryDetail;
use LinkSkipper\Sdk\Model\Job;
use LinkSkipper\Sdk\Model\Meta;
use LinkSkipper\Sdk\Model\ProviderEntry;
use LinkSkipper\Sdk\Model\ResolvedLink;
use LinkSkipper\Sdk\Model\ResolveResult;
use LinkSkipper\Sdk\Model\TraceHop;
use LinkSkipper\Sdk\Model\WebhookEvent;

/**
 * Turns the JSON of the API into models.
 *
 * @internal
 */
final class Parser
{
    /** Read the answer to POST /v1/resolve: one of two shapes, told apart by the status. */
    public static function resolve(Fields $fields, Meta $meta, string $url): ResolveResult
    {
        $status = $fields->enum('status', ResolveStatus::class);
        if ($status === ResolveStatus::Unknown) {
            throw new FieldException("status: expected done or queued, got '{$fields->text('status')}'");
        }
        $done = $status === ResolveStatus::Done;

        return new ResolveResult(
            jobId: $done ? $fields->optionalText('job_id') : $fields->text('job_id'),
            status: $status,
            url: $done ? $fields->optionalText('url') ?? $url : $url,
            targetUrl: $done ? $fields->text('target_url') : null,
            provider: $done ? $fields->text('provider') : null,
            tier: $done ? $fields->enum('tier', ProviderTier::class) : null,
            creditsCharged: $done ? $fields->optionalInteger('credits_charged') : null,
            cached: $done ? $fields->flag('cached') : null,
            balance: $done ? $fields->optionalInteger('balance') : null,
            queuePosition: $done ? null : $fields->optionalInteger('queue_position'),
            pollUrl: $done ? null : $fields->optionalText('poll_url'),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function linkOfResult(ResolveResult $result): ResolvedLink
    {
        return new ResolvedLink(
            jobId: $result->jobId,
            targetUrl: (string) $result->targetUrl,
            provider: (string) $result->provider,
            tier: $result->tier ?? ProviderTier::Unknown,
            creditsCharged: $result->creditsCharged,
            balance: $result->balance,
            cached: (bool) $result->cached,
            url: $result->url,
            meta: $result->meta,
            raw: $result->raw,
        );
    }

    /** Read a job that is done as the link that it resolved. */
    public static function linkOfJob(Fields $fields, Meta $meta, string $jobId, ?string $url): ResolvedLink
    {
        return new ResolvedLink(
            jobId: $fields->optionalText('job_id') ?? $jobId,
            targetUrl: $fields->text('target_url'),
            provider: $fields->text('provider'),
            tier: $fields->enum('tier', ProviderTier::class),
            creditsCharged: $fields->optionalInteger('credits_charged'),
            balance: $fields->optionalInteger('balance'),
            cached: false,
            url: $fields->optionalText('url') ?? $url,
            meta: $meta,
            raw: $fields->raw,
        );
    }

    /** Read a job, alone or in a list. */
    public static function job(Fields $fields, Meta $meta, ?string $jobId = null): Job
    {
        $trace = $fields->optionalObjects('trace');

        return new Job(
            jobId: $fields->optionalText('job_id') ?? $jobId ?? $fields->text('job_id'),
            status: $fields->enum('status', JobStatus::class),
            targetUrl: $fields->optionalText('target_url'),
            provider: $fields->optionalText('provider'),
            tier: $fields->optionalEnum('tier', ProviderTier::class),
            error: $fields->optionalText('error'),
            creditsCharged: $fields->optionalInteger('credits_charged'),
            balance: $fields->optionalInteger('balance'),
            trace: $trace === null ? null : array_map(self::hop(...), $trace),
            traceOmittedHops: $fields->optionalInteger('trace_omitted_hops'),
            reason: $fields->optionalText('reason'),
            url: $fields->optionalText('url'),
            createdAt: $fields->optionalTime('created_at'),
            finishedAt: $fields->optionalTime('finished_at'),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function account(Fields $fields, Meta $meta): Account
    {
        return new Account(
            telegramId: $fields->optionalInteger('telegram_id'),
            balance: $fields->integer('balance'),
            subscriptionUntil: $fields->optionalTime('subscription_until'),
            providers: array_map(
                static fn (Fields $provider) => new AccountProvider(
                    provider: $provider->text('provider'),
                    label: $provider->optionalText('label'),
                    tier: $provider->optionalEnum('tier', ProviderTier::class),
                    raw: $provider->raw,
                ),
                $fields->optionalObjects('providers') ?? [],
            ),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function provider(Fields $fields, Meta $meta): ProviderEntry
    {
        return new ProviderEntry(
            provider: $fields->text('provider'),
            label: $fields->optionalText('label'),
            hosts: $fields->texts('hosts'),
            tier: $fields->optionalEnum('tier', ProviderTier::class),
            latency: $fields->optionalText('latency'),
            resolveCost: $fields->optionalInteger('resolve_cost'),
            status: $fields->optionalEnum('status', ProviderStatus::class),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function delivery(Fields $fields, Meta $meta): Delivery
    {
        return new Delivery(
            id: $fields->text('id'),
            jobId: $fields->optionalText('job_id'),
            event: $fields->optionalEnum('event', WebhookEventName::class),
            url: $fields->optionalText('url'),
            status: $fields->enum('status', DeliveryStatus::class),
            attempts: $fields->optionalInteger('attempts'),
            createdAt: $fields->optionalTime('created_at'),
            nextAttemptAt: $fields->optionalTime('next_attempt_at'),
            endedAt: $fields->optionalTime('ended_at'),
            paused: $fields->flag('paused'),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function deliveryDetail(Fields $fields, Meta $meta): DeliveryDetail
    {
        $delivery = self::delivery($fields->object('delivery'), $meta);

        return new DeliveryDetail(
            delivery: $delivery,
            payload: self::event($fields->object('payload'), $delivery->id),
            attempts: array_map(self::attempt(...), $fields->objects('attempts')),
            meta: $meta,
            raw: $fields->raw,
        );
    }

    public static function event(Fields $fields, ?string $webhookId): WebhookEvent
    {
        return new WebhookEvent(
            event: $fields->enum('event', WebhookEventName::class),
            createdAt: $fields->optionalTime('created_at'),
            jobId: $fields->text('job_id'),
            status: $fields->enum('status', JobStatus::class),
            targetUrl: $fields->optionalText('target_url'),
            provider: $fields->optionalText('provider'),
            tier: $fields->optionalEnum('tier', ProviderTier::class),
            error: $fields->optionalText('error'),
            creditsCharged: $fields->optionalInteger('credits_charged'),
            balance: $fields->optionalInteger('balance'),
            webhookId: $webhookId,
            raw: $fields->raw,
        );
    }

    private static function hop(Fields $fields): TraceHop
    {
        return new TraceHop(
            url: $fields->optionalText('url') ?? '',
            mechanism: $fields->optionalText('mechanism'),
            status: $fields->optionalInteger('status'),
            milliseconds: $fields->optionalNumber('milliseconds'),
        );
    }

    private static function attempt(Fields $fields): DeliveryAttempt
    {
        return new DeliveryAttempt(
            number: $fields->integer('number'),
            startedAt: $fields->optionalTime('started_at'),
            milliseconds: $fields->optionalNumber('milliseconds'),
            status: $fields->optionalInteger('status'),
            error: $fields->optionalText('error'),
            response: $fields->optionalText('response'),
        );
    }
}
