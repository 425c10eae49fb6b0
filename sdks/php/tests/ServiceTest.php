<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests;

use LinkSkipper\Sdk\CallOptions;
use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Enum\DeliveryStatus;
use LinkSkipper\Sdk\Exception\ForbiddenScopeException;
use LinkSkipper\Sdk\Exception\InvalidKeyException;
use LinkSkipper\Sdk\Exception\JobFailedException;
use LinkSkipper\Sdk\Exception\LinkRemovedException;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\OutOfCreditsException;
use LinkSkipper\Sdk\Exception\ProviderDownException;
use LinkSkipper\Sdk\Exception\QuotaExceededException;
use LinkSkipper\Sdk\Exception\RateLimitedException;
use LinkSkipper\Sdk\Exception\UnsupportedLinkException;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Http\Psr18Transport;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\LinkSkipper;
use LinkSkipper\Sdk\Tests\Support\Tenant;
use LinkSkipper\Sdk\Webhook;
use PHPUnit\Framework\TestCase;

/** The scenarios of sdks/conformance/README.md against a real service. */
final class ServiceTest extends TestCase
{
    private const BULK = 500;

    private Tenant $tenant;
    private LinkSkipper $client;

    protected function setUp(): void
    {
        $this->tenant = Tenant::get();
        $this->client = $this->clientOf('normal');
    }

    /** The second time a link comes from the cache, free. */
    public function testCached(): void
    {
        $link = $this->tenant->link('fast', name: 'php-cached');
        $first = $this->client->resolveAndWait($link);
        $second = $this->client->resolve($link);
        $this->assertSame($this->tenant->link('fast_target', name: 'php-cached'), $first->targetUrl);
        $this->assertSame($first->targetUrl, $second->targetUrl);
        $this->assertSame([false, 1], [$first->cached, $first->creditsCharged]);
        $this->assertSame([true, 0, null], [$second->cached, $second->creditsCharged, $second->jobId]);
        $this->assertNotEmpty($second->meta->requestId);
        $this->assertNotNull($second->meta->rateLimit->minute);
    }

    /** A queued job is waited for, and has a trace. */
    public function testQueued(): void
    {
        $queued = $this->client->resolve($this->tenant->link('slow', seconds: 1, name: 'php-queued'));
        $this->assertFalse($queued->isDone());
        $link = $this->client->waitForJob((string) $queued->jobId);
        $this->assertSame($this->tenant->link('slow_target', name: 'php-queued'), $link->targetUrl);
        $job = $this->client->getJob((string) $queued->jobId, trace: true);
        $this->assertSame(['done', null], [$job->status->value, $job->reason]);
        $this->assertNotEmpty($job->trace);
    }

    /** A failed job says why, and which way it went. */
    public function testFailedWithReason(): void
    {
        $error = $this->errorOf(fn () => $this->client->resolveAndWait($this->tenant->link('captcha')));
        $this->assertInstanceOf(JobFailedException::class, $error);
        $this->assertSame(['resolve_failed', 'captcha_required'], [$error->reason, $error->stopReason]);
        $this->assertNotEmpty($error->trace);
        $this->assertNotNull($error->jobId);
    }

    /** An account without credits is told its balance. */
    public function testOutOfCredits(): void
    {
        $link = $this->tenant->link('fast', name: 'php-poor');
        $error = $this->errorOf(fn () => $this->clientOf('poor')->resolveAndWait($link));
        $this->assertInstanceOf(OutOfCreditsException::class, $error);
        $this->assertSame(0, $error->balance());
    }

    /** A key without the scope may read all the same. */
    public function testForbiddenScope(): void
    {
        $client = $this->clientOf('no_scope');
        $error = $this->errorOf(fn () => $client->resolve($this->tenant->link('fast', name: 'php-forbidden')));
        $this->assertInstanceOf(ForbiddenScopeException::class, $error);
        $this->assertGreaterThan(0, $client->account()->balance);
    }

    /** A revoked key is refused, with the request's id. */
    public function testInvalidKey(): void
    {
        $error = $this->errorOf(fn () => $this->clientOf('revoked')->account());
        $this->assertInstanceOf(InvalidKeyException::class, $error);
        $this->assertNotEmpty($error->requestId());
    }

    /** A removed link is known as such. */
    public function testRemoved(): void
    {
        $error = $this->errorOf(fn () => $this->client->resolveAndWait($this->tenant->link('removed')));
        $this->assertInstanceOf(LinkRemovedException::class, $error);
    }

    /** A link of nobody is refused, and has no provider. */
    public function testUnsupported(): void
    {
        $link = $this->tenant->link('unsupported');
        $error = $this->errorOf(fn () => $this->client->resolveAndWait($link));
        $this->assertInstanceOf(UnsupportedLinkException::class, $error);
        $this->assertNull($this->client->providerFor($link));
        $this->assertSame('lab-gate', $this->client->providerFor($this->tenant->link('captcha'))?->provider);
    }

    /** The fourth call of three a minute is refused at once where no waiting is wanted. */
    public function testRateLimited(): void
    {
        $client = $this->clientOf('limited', retryPolicy: new RetryPolicy(maxRetryAfterMs: 0));
        for ($call = 0; $call < 3; $call++) {
            $client->account();
        }
        $error = $this->errorOf(static fn () => $client->account());
        $this->assertInstanceOf(RateLimitedException::class, $error);
        $this->assertThat($error->retryAfter(), $this->logicalAnd($this->greaterThan(0), $this->lessThan(61)));
        $this->assertSame(0, $error->meta->rateLimit->minute?->remaining);
    }

    /** The third link of two a day is refused at once: no retry waits for midnight. */
    public function testQuotaExceeded(): void
    {
        $client = $this->clientOf('quota');
        for ($number = 0; $number < 2; $number++) {
            $client->resolveAndWait($this->tenant->link('fast', name: "php-quota-{$number}"));
        }
        $began = microtime(true);
        $error = $this->errorOf(fn () => $client->resolveAndWait($this->tenant->link('fast', name: 'php-quota-2')));
        $this->assertInstanceOf(QuotaExceededException::class, $error);
        $this->assertLessThan(30, microtime(true) - $began);
    }

    /** A link of a provider that is switched off is refused at once where no waiting is wanted. */
    public function testProviderOff(): void
    {
        $options = new CallOptions(retryPolicy: new RetryPolicy(maxRetryAfterMs: 0));
        $link = $this->tenant->link('switched_off');
        $error = $this->errorOf(fn () => $this->client->resolveAndWait($link, options: $options));
        $this->assertInstanceOf(ProviderDownException::class, $error);
        $this->assertGreaterThan(0, $error->retryAfter());
    }

    /** A link of 3 s takes one call: the service holds the answer. */
    public function testHeldLongPoll(): void
    {
        $link = $this->client->resolveAndWait($this->tenant->link('slow', seconds: 3, name: 'php-held'));
        $this->assertSame($this->tenant->link('slow_target', name: 'php-held'), $link->targetUrl);
        $this->assertSame(1, $link->meta->attempts);
        $this->assertArrayHasKey('url', $link->raw, 'it came with the POST itself');
    }

    /** A wait survives a cut connection, and the account pays once. */
    public function testConnectionCut(): void
    {
        $client = new LinkSkipper(new Config($this->tenant->key('normal'), $this->tenant->facts['proxy_url']));
        Tenant::tellLater('POST', '/cut');
        $key = "php-{$this->tenant->facts['token']}";
        $link = $client->resolveAndWait($this->tenant->link('slow', seconds: 3, name: 'php-cut'), $key);
        $this->assertSame($this->tenant->link('slow_target', name: 'php-cut'), $link->targetUrl);
        $this->assertSame(1, $link->creditsCharged);
        $this->assertGreaterThan(1, $link->meta->attempts);
    }

    /** The jobs of the key are listed over several pages, newest first. */
    public function testJobs(): void
    {
        $links = array_map(fn (int $number) => $this->tenant->link('fast', name: "php-jobs-{$number}"), range(0, 4));
        array_map($this->client->resolveAndWait(...), $links);
        $listed = [];
        foreach ($this->client->jobs(pageSize: 2) as $job) {
            $listed[] = $job->url;
            if (count($listed) === 5) {
                break;
            }
        }
        $this->assertSame(array_reverse($links), $listed);
    }

    /** A wait survives a restart of the service. */
    public function testServiceRestarted(): void
    {
        Tenant::tellLater('POST', '/restart');
        $link = $this->client->resolveAndWait($this->tenant->link('slow', seconds: 4, name: 'php-restart'));
        $this->assertSame($this->tenant->link('slow_target', name: 'php-restart'), $link->targetUrl);
    }

    /** A webhook arrives, is verified, listed, and sent again with the same id. */
    public function testWebhookAndRedelivery(): void
    {
        $url = $this->tenant->facts['webhook_url'] . '-php';
        $path = substr($url, strlen('https://hook.example'));
        $secret = $this->tenant->facts['keys']['normal']['webhook_secret'];
        $resolved = $this->client->resolveAndWait($this->tenant->link('fast', name: 'php-webhook'), webhookUrl: $url);
        [$webhook] = Tenant::tell('GET', '/webhooks', ['path' => $path])['webhooks'];
        $event = Webhook::verify($webhook['body'], $webhook['headers'], $secret);
        $this->assertSame([$resolved->jobId, $resolved->targetUrl], [$event->jobId, $event->targetUrl]);
        $wrong = $this->tenant->facts['keys']['bulk']['webhook_secret'];
        $error = $this->errorOf(static fn () => Webhook::verify($webhook['body'], $webhook['headers'], $wrong));
        $this->assertInstanceOf(WebhookVerificationException::class, $error);

        $webhooks = $this->client->webhooks;
        $id = (string) $event->webhookId;
        $listed = array_filter([...$webhooks->deliveries()], static fn ($delivery) => $delivery->id === $id);
        $this->assertSame([$url], array_column($listed, 'url'));
        $this->waitUntil(static fn () => $webhooks->delivery($id)->delivery->status === DeliveryStatus::Delivered);
        $this->assertSame($id, $webhooks->redeliver($id)->id);
        [, $again] = Tenant::tell('GET', '/webhooks', ['path' => $path, 'count' => 2])['webhooks'];
        $this->assertSame($id, Webhook::verify($again['body'], $again['headers'], $secret)->webhookId);
        $this->assertNotEmpty($webhooks->delivery($id)->attempts);
    }

    /** Leaving the loop ends the run: no further link is sent, and the connections serve the next call. */
    public function testARunThatIsLeftEarly(): void
    {
        $taken = 0;
        $links = (function () use (&$taken): \Generator {
            for (; $taken < 1000; $taken++) {
                yield $this->tenant->link('fast', name: "php-left-{$taken}");
            }
        })();
        foreach ($this->client->resolveMany($links, concurrency: 4) as $outcome) {
            $this->assertNull($outcome->error);
            break;
        }
        $this->assertLessThanOrEqual(16, $taken);
        $this->assertGreaterThan(0, $this->client->account()->balance);
    }

    /** Inside the loop of a run, other calls and other runs of the same client work. */
    public function testCallsInsideARun(): void
    {
        $links = fn (string $name) => array_map(
            fn (int $number) => $this->tenant->link('fast', name: "php-{$name}-{$number}"),
            range(0, 19),
        );
        $one = $this->client->resolveMany($links('one'));
        $other = $this->client->resolveMany($links('other'));
        $indexes = [];
        for (; $one->valid(); $one->next(), $other->next()) {
            $this->assertGreaterThan(0, $this->client->account()->balance);
            $indexes[] = [$one->current()->index, $other->current()->index];
            $this->assertNull($one->current()->error ?? $other->current()->error);
        }
        $this->assertEqualsCanonicalizing(range(0, 19), array_column($indexes, 0));
        $this->assertEqualsCanonicalizing(range(0, 19), array_column($indexes, 1));
    }

    /** A link that takes the place of another is sent before the loop over outcomes goes on. */
    public function testTheNextLinkDoesNotWaitForTheLoop(): void
    {
        $next = $this->tenant->link('fast', name: 'php-next');
        $links = [$this->tenant->link('fast', name: 'php-first'), $this->tenant->link('slow', seconds: 5), $next];
        $other = $this->clientOf('normal');
        foreach ($this->client->resolveMany($links, concurrency: 2) as $outcome) {
            $end = microtime(true) + 20;
            do {
                $jobs = iterator_to_array(new \LimitIterator($other->jobs(pageSize: 20), 0, 20));
                $sent = in_array($next, array_map(static fn ($job) => $job->url, $jobs), true);
            } while (!$sent && microtime(true) < $end);
            $this->assertTrue($sent);
            break;
        }
        $this->assertSame(0, $outcome->index);
    }

    /** A slow loop over outcomes does not use up the time of the links in progress. */
    public function testASlowConsumer(): void
    {
        $links = array_map(fn (int $number) => $this->tenant->link('fast', name: "php-consumer-{$number}"), range(0, 7));
        $options = new CallOptions(timeoutMs: 1500);
        $attempts = [];
        foreach ($this->client->resolveMany($links, maxWaitMs: 1500, options: $options) as $outcome) {
            $attempts[] = $outcome->link?->meta->attempts;
            usleep(400_000);
        }
        $this->assertSame(array_fill(0, 8, 1), $attempts);
    }

    /** A PSR-18 client sends the requests, also those of a run. */
    public function testPsr18(): void
    {
        require_once 'GuzzleHttp/autoload.php';
        $factory = new \GuzzleHttp\Psr7\HttpFactory();
        $guzzle = new \GuzzleHttp\Client(['timeout' => 60]);
        $client = $this->client->withOptions(['transport' => new Psr18Transport($guzzle, $factory, $factory)]);
        $links = array_map(fn (int $number) => $this->tenant->link('fast', name: "php-psr-{$number}"), range(0, 9));
        $this->assertCount(10, array_filter(array_column([...$client->resolveMany($links)], 'link')));
        $this->assertNotEmpty($client->account()->meta->requestId);
        $away = $client->withOptions(['baseUrl' => 'http://127.0.0.1:1', 'retryPolicy' => new RetryPolicy(maxAttempts: 1)]);
        $error = $this->errorOf(static fn () => $away->account());
        $this->assertSame(\GuzzleHttp\Exception\ConnectException::class, $error->cause);
        $this->assertNull($error->getPrevious(), 'the exception of the client holds the request with its key');
        $this->assertStringNotContainsString('sk_live_', (string) $error);
    }

    /**
     * All of 500 links are resolved although the limit was used up at first.
     *
     * The slow link is under way when the limit is raised, and its answer tells the run that it may go on.
     */
    public function testBulkUnderALimit(): void
    {
        $links = [$this->tenant->link('slow', seconds: 8, name: 'php-bulk-0')];
        for ($number = 1; $number < self::BULK; $number++) {
            $links[] = $this->tenant->link('fast', name: "php-bulk-{$number}");
        }
        $targets = [];
        foreach ($this->clientOf('bulk')->resolveMany($links, batch: 'php-scenario') as $outcome) {
            if ($targets === []) {
                $query = ['key_id' => $this->tenant->facts['keys']['bulk']['id'], 'rate_limit' => 100_000];
                Tenant::tell('POST', '/limit', $query);
            }
            $this->assertNull($outcome->error, (string) $outcome->error);
            $targets[$outcome->index] = $outcome->link?->targetUrl;
        }
        $this->assertCount(self::BULK, $targets);
        $this->assertSame($this->tenant->link('slow_target', name: 'php-bulk-0'), $targets[0]);
        $this->assertSame($this->tenant->link('fast_target', name: 'php-bulk-499'), $targets[499]);
    }

    private function clientOf(string $key, ?RetryPolicy $retryPolicy = null): LinkSkipper
    {
        return new LinkSkipper(new Config($this->tenant->key($key), $this->tenant->baseUrl(), retryPolicy: $retryPolicy));
    }

    private function waitUntil(\Closure $condition): void
    {
        for ($look = 0; $look < 400 && !$condition(); $look++) {
            usleep(50_000);
        }
        $this->assertTrue($condition());
    }

    private function errorOf(\Closure $call): LinkSkipperException
    {
        try {
            $call();
        } catch (LinkSkipperException $exception) {
            return $exception;
        }
        $this->fail('no error was thrown');
    }
}
