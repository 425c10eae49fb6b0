<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests;

use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\Http\Transport;
use LinkSkipper\Sdk\LinkSkipper;
use LinkSkipper\Sdk\Webhook;
use PHPUnit\Framework\TestCase;

/** Secrets never show: not in dumps, exports, logs, errors or stack traces with arguments. */
final class SecretsTest extends TestCase
{
    private const KEY = 'sk_live_VerySecretKey0123456789';
    private const SECRET = 'whsec_VerySecretSecret01234567';

    private LinkSkipper $client;
    private object $transport;

    protected function tearDown(): void
    {
        ini_restore('zend.exception_ignore_args');
        ini_restore('zend.exception_string_param_max_len');
    }

    protected function setUp(): void
    {
        ini_set('zend.exception_ignore_args', '0');
        ini_set('zend.exception_string_param_max_len', '1000');
        $this->transport = new class implements Transport {
            public ?HttpRequest $request = null;
            public ?HttpResponse $response = null;

            public function send(HttpRequest $request): HttpResponse
            {
                $this->request = $request;
                $sent = $request->headersWithKey()['authorization'];

                return $this->response ?? throw new NetworkException($request->hideKey("cannot send {$sent}"));
            }
        };
        $retry = new RetryPolicy(maxAttempts: 1);
        $this->client = new LinkSkipper(new Config(
            self::KEY,
            retryPolicy: $retry,
            transport: $this->transport,
            webhookSecret: [self::SECRET],
        ));
    }

    public static function dumps(): array
    {
        return [
            'var_dump' => [static function (mixed $value): string {
                ob_start();
                var_dump($value);

                return (string) ob_get_clean();
            }],
            'print_r' => [static fn (mixed $value) => print_r($value, true)],
            'json_encode' => [static fn (mixed $value) => (string) json_encode($value)],
            'a cast to an array' => [static fn (mixed $value) => print_r((array) $value, true)],
        ];
    }

    /** @dataProvider dumps */
    public function testNoDumpShowsASecret(\Closure $dump): void
    {
        $error = $this->errorOf(fn () => $this->client->account());
        $clone = $this->client->withOptions(['timeoutMs' => 5]);
        foreach ([$this->client, $clone, $this->transport->request, (string) $error, self::framesOf($error)] as $value) {
            $this->assertStringNotContainsString('VerySecret', $dump($value));
        }
    }

    public function testNoExportShowsASecret(): void
    {
        $this->errorOf(fn () => $this->client->account());
        $this->assertStringNotContainsString('VerySecret', var_export($this->transport->request, true));
    }

    public function testNothingIsSerialized(): void
    {
        $this->errorOf(fn () => $this->client->account());
        $this->expectException(\Exception::class);
        serialize($this->transport->request);
    }

    public function testNoMessageShowsASecret(): void
    {
        $this->assertSame('cannot send Bearer [secret]', $this->errorOf(fn () => $this->client->account())->getMessage());
    }

    /** A wrong option does not bring a secret into the stack trace, which names arguments here. */
    public function testNoTraceShowsASecret(): void
    {
        $wrong = [
            static fn () => LinkSkipper::create(self::KEY . "\n\nx"),
            static fn () => LinkSkipper::create(self::KEY, 'ftp://x'),
            static fn () => new Config(self::KEY, timeoutMs: -1, webhookSecret: self::SECRET),
            fn () => $this->client->withOptions(['apiKey' => self::KEY, 'colour' => 1]),
            static fn () => Webhook::verify('{}', 't=1,v1=00', self::SECRET . ' ', now: 1),
            static fn () => Webhook::verify('{}', 't=1,v1=00', [self::SECRET, ''], now: 1),
        ];
        foreach ($wrong as $call) {
            $error = $this->errorOf($call);
            $this->assertStringNotContainsString('VerySecret', (string) $error);
            $this->assertStringNotContainsString('VerySecret', print_r(self::framesOf($error), true));
        }
    }

    /** The log has a line per attempt, and no secret. */
    public function testNoLogLineShowsASecret(): void
    {
        require_once 'Psr/Log/autoload.php';
        $logger = new class extends \Psr\Log\AbstractLogger {
            public array $lines = [];

            public function log($level, $message, array $context = []): void
            {
                $this->lines[] = strtr("{$level} {$message}", array_combine(
                    array_map(static fn (string $name) => "{{$name}}", array_keys($context)),
                    array_map(strval(...), $context),
                ));
            }
        };
        $client = $this->client->withOptions(['logger' => $logger]);
        $this->errorOf(static fn () => $client->account());
        $this->transport->response = new HttpResponse(200, [], '{"balance": 5}');
        $client->account();
        $this->assertCount(2, $logger->lines);
        $this->assertStringStartsWith('debug GET http://127.0.0.1:8000/v1/account, attempt 1', $logger->lines[0]);
        $this->assertStringEndsWith('s: 200', $logger->lines[1]);
        $this->assertStringNotContainsString('VerySecret', implode($logger->lines));
    }

    /** Return the frames of this package, with their arguments. The others hold the whole test suite. */
    private static function framesOf(LinkSkipperException $error): array
    {
        $isOwn = static fn (array $frame) => preg_match('/^LinkSkipper\\\\Sdk\\\\(?!Tests)/', $frame['class'] ?? '') === 1;
        $frames = array_filter($error->getTrace(), $isOwn);
        self::assertNotEmpty($frames);

        return $frames;
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
