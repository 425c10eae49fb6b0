<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\CallOptions;
use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\ApiException;
use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Exception\ProviderDownException;
use LinkSkipper\Sdk\Exception\RateLimitedException;
use LinkSkipper\Sdk\Exception\ServiceUnavailableException;
use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\RetryPolicy;

/**
 * Makes the exchanges of one call: attempts, delays between them, and how it ends. All times are milliseconds.
 *
 * @internal
 */
final readonly class Caller
{
    private const MAX_TIMEOUT_MS = 0x7fffffff; // what curl takes everywhere

    public AnswerReader $reader;
    public Clock $clock;
    private RetryPolicy $retry;
    private float $timeout;
    /** @var array<string, string> */
    private array $headers;

    /** @param bool $paced whether the call is part of a run of many links, whose gate it must pass */
    public function __construct(
        public Config $config,
        private CallOptions $options,
        ?Clock $clock = null,
        private bool $paced = false,
    ) {
        $this->reader = new AnswerReader($config->apiKey());
        $this->clock = $clock ?? $config->clock;
        $this->retry = $options->retryPolicy ?? $config->retryPolicy;
        $this->timeout = Options::milliseconds('timeoutMs', $options->timeoutMs ?? $config->timeoutMs, 1);
        $agent = ['accept' => 'application/json', 'user-agent' => $config->userAgent];
        $this->headers = Options::headers($agent, $config->headers, $options->headers);
    }

    /**
     * Build a request. A held answer may take `$wait` longer, and nothing more than `$limit`.
     *
     * @param array<string, string|int|float> $query
     * @throws ConfigurationException the body cannot be written as JSON
     */
    public function request(
        string $method,
        string $path,
        array $query = [],
        mixed $body = null,
        float $wait = 0.0,
        float $limit = INF,
        bool $repeatable = true,
    ): HttpRequest {
        if ($wait > 0) {
            $query['wait'] = (string) ((int) $wait / 1000);
        }
        $parameters = http_build_query($query, '', '&', PHP_QUERY_RFC3986);

        return new HttpRequest(
            method: $method,
            url: $this->config->baseUrl . $path . ($parameters === '' ? '' : "?{$parameters}"),
            headers: $body === null ? $this->headers : [...$this->headers, 'content-type' => 'application/json'],
            body: $body === null ? null : self::encode($body),
            timeoutMs: (int) max(1, ceil(min($this->timeout + $wait, $limit, self::MAX_TIMEOUT_MS))),
            apiKey: $this->config->apiKey(),
            repeatable: $repeatable,
            whileWaiting: $this->options->whileWaiting,
        );
    }

    /**
     * Send a request, again if need be, and return the answer.
     *
     * @param \Closure(): HttpRequest $build makes the request of an attempt
     * @param Wait|null $wait watches over its deadline
     * @return \Generator<int, object, mixed, Answer>
     */
    public function exchange(\Closure $build, ?Wait $wait = null): \Generator
    {
        $attempts = $failures = 0;
        while (true) {
            if ($this->paced) {
                $began = $this->clock->nowMs();
                yield new Gate();
                $wait?->extend($this->clock->nowMs() - $began);
            }
            $request = $build();
            $attempts++;
            $began = $this->clock->nowMs();
            $reply = yield $request;
            try {
                $answer = $this->read($reply, $attempts);
                $this->log($request, $attempts, $began, (string) $answer->meta->status);

                return $answer;
            } catch (ApiException | NetworkException $error) {
                $this->log($request, $attempts, $began, $error->getMessage());
            }
            if ($this->paced && $error instanceof RateLimitedException && !$this->asksTooMuch($error)) {
                yield new Pause($this->delay($error, 1));
                continue;
            }
            yield new Sleep($this->delayOrThrow($error, ++$failures, $wait, $request->repeatable));
        }
    }

    private function read(mixed $reply, int $attempts): Answer
    {
        if ($reply instanceof NetworkException) {
            throw $reply;
        }

        return $this->reader->read($reply, $attempts, $this->clock->unixTime());
    }

    private function delayOrThrow(
        ApiException|NetworkException $error,
        int $failures,
        ?Wait $wait,
        bool $repeatable,
    ): float {
        $allowed = $wait?->maxAttempts($this->retry) ?? $this->retry->maxAttempts;
        $again = $error->isRetryable() && ($repeatable || self::isRefusal($error));
        $final = !$again || $failures >= $allowed || $this->asksTooMuch($error);
        $delay = $final ? null : $this->delay($error, $failures);
        $wait?->check($error, $delay);

        return $delay ?? throw $error;
    }

    private function delay(LinkSkipperException $error, int $failures): float
    {
        return max($this->retry->delayMs($failures, ($this->config->random)()), self::retryAfterMs($error));
    }

    private function asksTooMuch(LinkSkipperException $error): bool
    {
        return self::retryAfterMs($error) > $this->retry->maxRetryAfterMs;
    }

    private static function retryAfterMs(LinkSkipperException $error): float
    {
        return $error instanceof ApiException ? 1000.0 * $error->retryAfter() : 0.0;
    }

    /** Say whether the service did nothing. */
    private static function isRefusal(LinkSkipperException $error): bool
    {
        return $error instanceof RateLimitedException || $error instanceof ProviderDownException
            || $error instanceof ServiceUnavailableException;
    }

    private static function encode(mixed $body): string
    {
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION;
        try {
            return json_encode($body, $flags);
        } catch (\JsonException $exception) {
            throw new ConfigurationException("The body cannot be written as JSON: {$exception->getMessage()}.");
        }
    }

    private function log(HttpRequest $request, int $attempt, float $began, string $result): void
    {
        $this->config->logger?->debug('{method} {url}, attempt {attempt}, {seconds} s: {result}', [
            'method' => $request->method,
            'url' => $request->url,
            'attempt' => $attempt,
            'seconds' => round(($this->clock->nowMs() - $began) / 1000, 3),
            'result' => $result,
        ]);
    }
}
