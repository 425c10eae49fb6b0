<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests;

use LinkSkipper\Sdk\CallOptions;
use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Exception\RequestTimeoutException;
use LinkSkipper\Sdk\Exception\TimeoutException;
use LinkSkipper\Sdk\Exception\UnexpectedResponseException;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\LinkSkipper;
use LinkSkipper\Sdk\Tests\Support\RawServer;
use PHPUnit\Framework\TestCase;

/** Failures on the wire, on real sockets. */
final class TransportTest extends TestCase
{
    /** Nothing listens: a network error with its cause. */
    public function testARefusedConnection(): void
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($listener, false);
        fclose($listener);
        $error = $this->errorOf("http://{$address}");
        $this->assertSame(NetworkException::class, $error::class);
        $this->assertSame('curl 7', $error->cause);
    }

    public static function whatIsNotAnAnswer(): array
    {
        $scripts = ['nothing', 'cut body', 'cut chunk', 'another protocol', 'tls', 'wrong encoding', 'wrong length', 'huge head'];

        return array_combine($scripts, array_map(static fn (string $script) => [$script], $scripts));
    }

    /**
     * An answer that is cut, or that is not HTTP, is a network error.
     *
     * @dataProvider whatIsNotAnAnswer
     */
    public function testWhatIsNotAnAnswer(string $script): void
    {
        $server = new RawServer($script);
        $this->assertSame(NetworkException::class, $this->errorOf($server->url)::class);
    }

    /** The attempt ends by its timeout, and the timeout is for the whole attempt, not for each byte. */
    public function testASlowServer(): void
    {
        foreach (['silent', 'drips'] as $script) {
            $server = new RawServer($script);
            $began = microtime(true);
            $error = $this->errorOf($server->url, static fn ($client) => $client->account(new CallOptions(timeoutMs: 300)));
            $this->assertSame(RequestTimeoutException::class, $error::class);
            $this->assertLessThan(3, microtime(true) - $began);
        }
    }

    /** A body of more than 16 MB is given up. */
    public function testABodyWithoutEnd(): void
    {
        $server = new RawServer('endless');
        $error = $this->errorOf($server->url);
        $this->assertSame(NetworkException::class, $error::class);
        $this->assertStringContainsString('larger', $error->getMessage());
    }

    /** HTML is shown in the error. */
    public function testHtmlOfAProxy(): void
    {
        $server = new RawServer('html');
        $error = $this->errorOf($server->url);
        $this->assertInstanceOf(UnexpectedResponseException::class, $error);
        $this->assertSame(511, $error->status());
        $this->assertStringContainsString('hotel Wi-Fi', $error->getMessage());
    }

    /** A redirect to a place of strangers does not carry the key there. */
    public function testARedirectIsNotFollowed(): void
    {
        $visits = (string) tempnam(sys_get_temp_dir(), 'visits');
        $stranger = new RawServer('account', $visits);
        $server = new RawServer("{$stranger->url}/");
        $error = $this->errorOf($server->url);
        $this->assertInstanceOf(UnexpectedResponseException::class, $error);
        $this->assertStringContainsString($stranger->url, $error->getMessage());
        $this->assertSame('', file_get_contents($visits));
        unlink($visits);
    }

    /** Headers are those of the last answer, and those that repeat are joined. */
    public function testHeaders(): void
    {
        $server = new RawServer('account');
        $account = $this->client($server->url)->account();
        $this->assertSame(5, $account->balance);
        $this->assertSame('a=1, b=2', $account->meta->headers['set-cookie']);
        $this->assertArrayNotHasKey('x-early', $account->meta->headers);
    }

    /** A silent service does not hold up a wait beyond its deadline. */
    public function testTheDeadlineOfAWait(): void
    {
        $server = new RawServer('silent');
        $began = microtime(true);
        $error = $this->errorOf($server->url, static fn ($client) => $client->resolveAndWait('https://x', maxWaitMs: 500));
        $this->assertInstanceOf(TimeoutException::class, $error);
        $this->assertInstanceOf(RequestTimeoutException::class, $error->lastError);
        $this->assertEqualsWithDelta(0.5, microtime(true) - $began, 0.4);
    }

    /** What the hook throws ends a call under way, a sleep and a run, and is passed on as it is. */
    public function testCancelling(): void
    {
        $server = new RawServer('silent');
        $end = microtime(true) + 0.2;
        $options = new CallOptions(whileWaiting: static function () use (&$end): void {
            microtime(true) < $end ?: throw new \DomainException('cancelled');
        });
        $slow = new RetryPolicy(initialDelayMs: 5000);
        $calls = [
            fn () => $this->client($server->url)->account($options),
            fn () => $this->client('http://127.0.0.1:1', $slow)->account($options),
            fn () => iterator_to_array($this->client($server->url)->resolveMany(['https://x', 'https://y'], options: $options)),
        ];
        foreach ($calls as $call) {
            $end = microtime(true) + 0.2;
            try {
                $call();
                $this->fail('nothing was thrown');
            } catch (\DomainException $exception) {
                $this->assertSame('cancelled', $exception->getMessage());
                $this->assertEqualsWithDelta($end, microtime(true), 1.0);
            }
        }
    }

    private function client(string $url, RetryPolicy $retry = new RetryPolicy(maxAttempts: 1)): LinkSkipper
    {
        return new LinkSkipper(new Config('sk_live_x', $url, retryPolicy: $retry));
    }

    private function errorOf(string $url, ?\Closure $call = null): LinkSkipperException
    {
        try {
            ($call ?? static fn (LinkSkipper $client) => $client->account())($this->client($url));
        } catch (LinkSkipperException $exception) {
            return $exception;
        }
        $this->fail('no error was thrown');
    }
}
