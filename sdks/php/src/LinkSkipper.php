<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\JobFailedException;
use LinkSkipper\Sdk\Exception\TimeoutException;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Http\CurlTransport;
use LinkSkipper\Sdk\Internal\Calls;
use LinkSkipper\Sdk\Internal\SignatureVerifier;
use LinkSkipper\Sdk\Model\Account;
use LinkSkipper\Sdk\Model\Job;
use LinkSkipper\Sdk\Model\Outcome;
use LinkSkipper\Sdk\Model\ProviderEntry;
use LinkSkipper\Sdk\Model\RawResponse;
use LinkSkipper\Sdk\Model\ResolvedLink;
use LinkSkipper\Sdk\Model\ResolveResult;
use LinkSkipper\Sdk\Model\WebhookEvent;

/**
 * A client of the Link Skipper API. It keeps its connections: make one and use it everywhere.
 *
 * Errors are those of `LinkSkipper\Sdk\Exception`.
 */
final readonly class LinkSkipper
{
    /** The webhook deliveries of the key. */
    public Webhooks $webhooks;
    private Calls $calls;

    /** @throws ConfigurationException an option is missing or wrong */
    public function __construct(private Config $config = new Config())
    {
        $this->calls = new Calls($config);
        $this->webhooks = new Webhooks($this->calls);
    }

    /** Make a client. What is left out comes from the environment. */
    public static function create(#[\SensitiveParameter] ?string $apiKey = null, ?string $baseUrl = null): self
    {
        return new self(new Config($apiKey, $baseUrl));
    }

    /**
     * Resolve a link, or queue a job for it. `isDone()` of the result tells which.
     *
     * @param string|null $idempotencyKey Repeats with the same key start and cost nothing. Default: a new key per call.
     * @param string|null $webhookUrl A public HTTPS address that is told when the job ends.
     * @param int $waitMs How long the service may hold the answer, up to a minute, until the job has ended.
     */
    public function resolve(
        string $url,
        ?string $idempotencyKey = null,
        ?string $webhookUrl = null,
        int $waitMs = 0,
        CallOptions $options = new CallOptions(),
    ): ResolveResult {
        return $this->calls->run($this->calls->resolve($url, $idempotencyKey, $webhookUrl, $waitMs, $options), $options);
    }

    /**
     * Resolve a link and wait for it.
     *
     * @param string|null $idempotencyKey Repeats with the same key start and cost nothing. Default: a new key per call.
     * @param int|null $pollIntervalMs Between polls, where the service does not hold answers.
     * @param int|null $maxWaitMs For everything together. Default: that of the client.
     * @param string|null $webhookUrl A public HTTPS address that is told when the job ends.
     *
     * @throws JobFailedException the job ended failed or invalid
     * @throws TimeoutException the deadline passed. Its `jobId` goes to `waitForJob`.
     */
    public function resolveAndWait(
        string $url,
        ?string $idempotencyKey = null,
        ?int $pollIntervalMs = null,
        ?int $maxWaitMs = null,
        ?string $webhookUrl = null,
        CallOptions $options = new CallOptions(),
    ): ResolvedLink {
        $wait = $this->calls->wait($maxWaitMs, $pollIntervalMs, $options);
        $body = $this->calls->resolveBody($url, $idempotencyKey, $webhookUrl);

        return $this->calls->run($wait->resolve($url, $body), $options);
    }

    /**
     * Wait for a job that was queued before: after a timeout, a restart or a webhook that never came.
     *
     * @throws JobFailedException the job ended failed or invalid
     * @throws TimeoutException the deadline passed
     */
    public function waitForJob(
        string $jobId,
        ?int $maxWaitMs = null,
        ?int $pollIntervalMs = null,
        CallOptions $options = new CallOptions(),
    ): ResolvedLink {
        return $this->calls->run($this->calls->wait($maxWaitMs, $pollIntervalMs, $options)->poll($jobId, null), $options);
    }

    /**
     * Resolve many links at once, within the rate limit, and yield each outcome as it comes.
     *
     * An outcome has the `index` and `url` of its link, and either `link` or `error`. Errors that every further link would
     * meet (an invalid key, a missing scope, no credits, no quota) end the run: links in progress give their outcomes,
     * the rest is not sent, and then the error is thrown.
     *
     * @param iterable<string> $urls The links. They are taken when they are needed, so the source may be endless.
     * @param int $concurrency How many links are in progress at most. A transport that is not concurrent sends one at a time.
     * @param string|null $batch A name of up to 63 characters. A second run with the same name starts and pays nothing twice.
     * @param int|null $maxWaitMs For each link. Pauses for the rate limit and the time of your own loop do not count.
     * @param string|null $webhookUrl A public HTTPS address that is told when each job ends.
     * @return \Generator<int, Outcome>
     */
    public function resolveMany(
        iterable $urls,
        int $concurrency = 8,
        ?string $batch = null,
        ?int $maxWaitMs = null,
        ?int $pollIntervalMs = null,
        ?string $webhookUrl = null,
        CallOptions $options = new CallOptions(),
    ): \Generator {
        return $this->calls->resolveMany($urls, $concurrency, $batch, $maxWaitMs, $pollIntervalMs, $webhookUrl, $options);
    }

    /**
     * Return the state of a job.
     *
     * @param int $waitMs How long the service may hold the answer, up to a minute, until the job has ended.
     * @param bool $trace Whether to ask for the hops taken and the precise reason of a failure.
     */
    public function getJob(
        string $jobId,
        int $waitMs = 0,
        bool $trace = false,
        CallOptions $options = new CallOptions(),
    ): Job {
        return $this->calls->run($this->calls->getJob($jobId, $waitMs, $trace, $options), $options);
    }

    /**
     * Iterate over the jobs of the key, newest first. Pages are fetched when they are needed.
     *
     * @param string|null $status Only jobs of this status.
     * @param int|null $pageSize Jobs per request, 1 to 100.
     * @param string|null $before Begin after this job id.
     * @return \Generator<int, Job>
     */
    public function jobs(
        ?string $status = null,
        ?int $pageSize = null,
        ?string $before = null,
        CallOptions $options = new CallOptions(),
    ): \Generator {
        return $this->calls->jobs($status, $pageSize, $before, $options);
    }

    /** Return the account that the key belongs to. */
    public function account(CallOptions $options = new CallOptions()): Account
    {
        return $this->calls->run($this->calls->account($options), $options);
    }

    /**
     * Return the providers whose links the service resolves.
     *
     * @return list<ProviderEntry>
     */
    public function providers(CallOptions $options = new CallOptions()): array
    {
        return $this->calls->run($this->calls->providers($options), $options);
    }

    /** Return the provider of a link, or null. It tells the cost and whether the provider is up. */
    public function providerFor(string $url, CallOptions $options = new CallOptions()): ?ProviderEntry
    {
        return Internal\ProviderFinder::find($this->providers($options), $url);
    }

    /**
     * Send a request that this package has no method for. Errors are thrown as for any call.
     *
     * @param string $path The path below the address of the service, such as `/v1/account`.
     * @param array<string, string> $query
     * @param mixed $body A JSON value. Null sends none.
     */
    public function request(
        string $method,
        string $path,
        array $query = [],
        mixed $body = null,
        CallOptions $options = new CallOptions(),
    ): RawResponse {
        return $this->calls->run($this->calls->request($method, $path, $query, $body, $options), $options);
    }

    /**
     * Verify a webhook with the client's `webhookSecret`. See `Webhook::verify`.
     *
     * @param string|iterable<mixed>|object $headers
     * @throws WebhookVerificationException the webhook is not what it claims to be
     */
    public function verifyWebhook(
        string $payload,
        string|iterable|object|null $headers,
        int $toleranceSeconds = Webhook::TOLERANCE_SECONDS,
        int|float|null $now = null,
    ): WebhookEvent {
        $now ??= $this->config->clock->unixTime();

        return SignatureVerifier::verify($payload, $headers, $this->config->webhookSecrets(), $toleranceSeconds, $now);
    }

    /**
     * Return a client with other options of `Config`, by their names. It shares the connections.
     *
     * @param array<string, mixed> $options
     * @throws ConfigurationException an option is unknown or wrong
     */
    public function withOptions(#[\SensitiveParameter] array $options): self
    {
        return new self($this->config->with($options));
    }

    /** Close the connections. A transport that is not curl stays open. */
    public function close(): void
    {
        if ($this->config->transport instanceof CurlTransport) {
            $this->config->transport->close();
        }
    }
}
