<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\CallOptions;
use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Http\ConcurrentTransport;
use LinkSkipper\Sdk\Model\Meta;
use LinkSkipper\Sdk\Model\Outcome;
use LinkSkipper\Sdk\Model\RawResponse;

/**
 * Every call of the API as a flow.
 *
 * @internal
 */
final readonly class Calls
{
    private const DELIVERIES = '/v1/webhooks/deliveries';
    private const BATCH = '/^.{1,63}$/suD'; // with ":" and a SHA-256 in hexadecimal digits, the longest idempotency key
    private const SAFE_METHODS = ['GET', 'HEAD', 'PUT', 'DELETE']; // RFC 9110, 9.2.2

    private Driver $driver;

    public function __construct(private Config $config)
    {
        $this->driver = new Driver($config);
    }

    /**
     * @template T
     * @param \Generator<int, object, mixed, T> $flow
     * @return T
     */
    public function run(\Generator $flow, CallOptions $options): mixed
    {
        return $this->driver->run($flow, $options->whileWaiting);
    }

    public function resolve(
        string $url,
        ?string $idempotencyKey,
        ?string $webhookUrl,
        int $waitMs,
        CallOptions $options,
    ): \Generator {
        $caller = new Caller($this->config, $options);
        $body = $this->resolveBody($url, $idempotencyKey, $webhookUrl);
        $wait = Options::milliseconds('waitMs', $waitMs);
        $answer = yield from $caller->exchange(fn () => $caller->request('POST', '/v1/resolve', [], $body, $wait));

        return $caller->reader->parse($answer, static fn ($fields) => Parser::resolve($fields, $answer->meta, $url));
    }

    public function wait(?int $maxWaitMs, ?int $pollIntervalMs, CallOptions $options): Wait
    {
        return new Wait(new Caller($this->config, $options), $maxWaitMs, $pollIntervalMs);
    }

    /**
     * @param iterable<mixed> $urls
     * @return \Generator<int, Outcome>
     */
    public function resolveMany(
        iterable $urls,
        int $concurrency,
        ?string $batch,
        ?int $maxWaitMs,
        ?int $pollIntervalMs,
        ?string $webhookUrl,
        CallOptions $options,
    ): \Generator {
        if ($concurrency < 1) {
            throw new ConfigurationException('concurrency must be 1 or more.');
        }
        if ($batch !== null && preg_match(self::BATCH, $batch) !== 1) {
            throw new ConfigurationException('batch must have 1 to 63 characters.');
        }
        $concurrency = $this->config->transport instanceof ConcurrentTransport ? $concurrency : 1;
        $clock = new ActiveClock($this->config->clock);
        $caller = new Caller($this->config, $options, $clock, paced: true);
        new Wait($caller, $maxWaitMs, $pollIntervalMs); // refuses wrong options before the run
        $begin = function (string $url) use ($caller, $batch, $maxWaitMs, $pollIntervalMs, $webhookUrl): \Generator {
            $key = $batch === null ? null : "{$batch}:" . hash('sha256', $url);
            $wait = new Wait($caller, $maxWaitMs, $pollIntervalMs);

            return yield from $wait->resolve($url, $this->resolveBody($url, $key, $webhookUrl));
        };
        $run = new Run($begin, $concurrency, $clock);

        return $this->driver->runMany($run, $urls, $clock, $options->whileWaiting);
    }

    public function getJob(string $jobId, int $waitMs, bool $trace, CallOptions $options): \Generator
    {
        return $this->get(
            '/v1/jobs/' . Text::segment($jobId),
            static fn (Fields $fields, Meta $meta) => Parser::job($fields, $meta, $jobId),
            $options,
            $trace ? ['include' => 'trace'] : [],
            Options::milliseconds('waitMs', $waitMs),
        );
    }

    public function account(CallOptions $options): \Generator
    {
        return $this->get('/v1/account', Parser::account(...), $options);
    }

    public function providers(CallOptions $options): \Generator
    {
        $parser = static fn (Fields $fields, Meta $meta) => array_map(
            static fn (Fields $provider) => Parser::provider($provider, $meta),
            $fields->objects('providers'),
        );

        return $this->get('/v1/providers', $parser, $options);
    }

    public function delivery(string $deliveryId, CallOptions $options): \Generator
    {
        $path = self::DELIVERIES . '/' . Text::segment($deliveryId);

        return $this->get($path, Parser::deliveryDetail(...), $options);
    }

    public function redeliver(string $deliveryId, CallOptions $options): \Generator
    {
        $caller = new Caller($this->config, $options);
        $path = self::DELIVERIES . '/' . Text::segment($deliveryId) . '/redeliver';
        $answer = yield from $caller->exchange(fn () => $caller->request('POST', $path));

        return $caller->reader->parse($answer, static fn ($fields) => Parser::delivery($fields, $answer->meta));
    }

    public function jobs(?string $status, ?int $pageSize, ?string $before, CallOptions $options): \Generator
    {
        return $this->pages('/v1/jobs', 'jobs', Parser::job(...), $status, $pageSize, $before, $options);
    }

    public function deliveries(?string $status, ?int $pageSize, ?string $before, CallOptions $options): \Generator
    {
        $parser = Parser::delivery(...);

        return $this->pages(self::DELIVERIES, 'deliveries', $parser, $status, $pageSize, $before, $options);
    }

    /** @param array<string, string> $query */
    public function request(
        string $method,
        string $path,
        array $query,
        mixed $body,
        CallOptions $options,
    ): \Generator {
        if (preg_match('/^[A-Za-z]+$/D', $method) !== 1) {
            throw new ConfigurationException('method must be the name of an HTTP method, such as GET.');
        }
        if (preg_match('~^/[^?#\x00-\x20\x7f]*$~D', $path) !== 1) {
            $message = 'path must begin with a slash and hold no query and no blank: pass query instead.';
            throw new ConfigurationException($message);
        }
        $method = strtoupper($method);
        $safe = in_array($method, self::SAFE_METHODS, true);
        $caller = new Caller($this->config, $options);
        $answer = yield from $caller->exchange(
            fn () => $caller->request($method, $path, $query, $body, repeatable: $safe),
        );
        $response = $answer->response;

        return new RawResponse($response->status, $response->headers, $response->body, $answer->json, $answer->meta);
    }

    /** @return array<string, string> */
    public function resolveBody(string $url, ?string $idempotencyKey, ?string $webhookUrl): array
    {
        $body = ['url' => $url, 'idempotency_key' => $idempotencyKey ?? bin2hex(random_bytes(16))];

        return $webhookUrl === null ? $body : [...$body, 'webhook_url' => $webhookUrl];
    }

    /**
     * @param \Closure(Fields, Meta): mixed $parser
     * @param array<string, string> $query
     */
    private function get(
        string $path,
        \Closure $parser,
        CallOptions $options,
        array $query = [],
        int $waitMs = 0,
    ): \Generator {
        $caller = new Caller($this->config, $options);
        $answer = yield from $caller->exchange(fn () => $caller->request('GET', $path, $query, null, $waitMs));

        return $caller->reader->parse($answer, static fn (Fields $fields) => $parser($fields, $answer->meta));
    }

    /** Follow the pages of a list. */
    private function pages(
        string $path,
        string $member,
        \Closure $parser,
        ?string $status,
        ?int $pageSize,
        ?string $before,
        CallOptions $options,
    ): \Generator {
        $query = ['status' => $status, 'limit' => $pageSize, 'before' => $before];
        do {
            $page = static fn (Fields $fields, Meta $meta) => [
                array_map(static fn (Fields $item) => $parser($item, $meta), $fields->objects($member)),
                self::next($fields, $query['before']),
            ];
            [$items, $query['before']] = $this->run($this->get($path, $page, $options, $query), $options);
            foreach ($items as $item) {
                yield $item; // not "yield from", which would repeat the keys of each page
            }
        } while ($query['before'] !== null);
    }

    private static function next(Fields $fields, ?string $before): ?string
    {
        $next = $fields->optionalText('next');
        if ($next !== null && $next === $before) {
            throw new FieldException('next is the page that was just read');
        }

        return $next;
    }
}
