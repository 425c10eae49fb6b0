<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests;

use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Internal\RateLimitParser;
use LinkSkipper\Sdk\LinkSkipper;
use LinkSkipper\Sdk\Tests\Support\Cases;
use LinkSkipper\Sdk\Tests\Support\Comparison;
use LinkSkipper\Sdk\Tests\Support\Neutral;
use LinkSkipper\Sdk\Tests\Support\Play;
use LinkSkipper\Sdk\Tests\Support\ScriptedTransport;
use LinkSkipper\Sdk\Tests\Support\VirtualClock;
use LinkSkipper\Sdk\Tests\Support\VirtualNetwork;
use LinkSkipper\Sdk\Webhook;
use PHPUnit\Framework\TestCase;

/** Every case of sdks/conformance. */
final class ConformanceTest extends TestCase
{
    private const EXCHANGES = ['requests', 'results', 'problems', 'retry', 'wait'];

    /** @var array<string, true> */
    private static array $ran = [];

    public static function exchanges(): iterable
    {
        return Cases::of(...self::EXCHANGES);
    }

    /** @dataProvider exchanges */
    public function testExchange(string $file, array $case): void
    {
        Play::setEnvironment($case['env'] ?? []);
        foreach (Cases::file($file)['randoms'] ?? [0.5] as $random) {
            $this->playExchange($case, $random);
        }
        self::$ran["{$file}: {$case['name']}"] = true;
    }

    public static function many(): iterable
    {
        return Cases::of('many');
    }

    /** @dataProvider many */
    public function testMany(string $file, array $case): void
    {
        Play::setEnvironment([]);
        $clock = new VirtualClock();
        $network = new VirtualNetwork((array) $case['script'], $clock);
        $outcomes = [];
        $error = null;
        try {
            $client = Play::client($case['client'] ?? [], $network, $clock, 0.5);
            foreach (Play::call($client, $case['call']) as $outcome) {
                $outcomes[] = Neutral::plain($outcome);
            }
        } catch (LinkSkipperException $exception) {
            $error = Neutral::plain($exception);
        }
        $this->compareRun($case['expect'], $network, $clock->elapsed, $outcomes, $error);
        self::$ran["{$file}: {$case['name']}"] = true;
    }

    public static function webhooks(): iterable
    {
        return Cases::of('webhooks');
    }

    /** @dataProvider webhooks */
    public function testWebhook(string $file, array $case): void
    {
        Play::setEnvironment([]);
        if ($case['do'] === 'sign') {
            $this->compareSignature($case);
        } else {
            $body = isset($case['body_base64']) ? base64_decode($case['body_base64'], true) : $case['body'];
            $headers = array_key_exists('headers', $case) ? (array) $case['headers'] : $case['header'];
            $rest = [$case['tolerance'] ?? Webhook::TOLERANCE_SECONDS, $case['now']];
            $this->compareVerification($case['expect'], fn () => Webhook::verify($body, $headers, $case['secrets'], ...$rest));
            $this->compareVerification($case['expect'], function () use ($case, $body, $headers, $rest) {
                $client = new LinkSkipper(new Config('sk_live_x', webhookSecret: $case['secrets']));

                return $client->verifyWebhook($body, $headers, ...$rest);
            });
        }
        self::$ran["{$file}: {$case['name']}"] = true;
    }

    public static function rateLimits(): iterable
    {
        return Cases::of('ratelimit');
    }

    /** @dataProvider rateLimits */
    public function testRateLimit(string $file, array $case): void
    {
        $value = is_array($case['value']) ? implode(', ', $case['value']) : $case['value'];
        (new Comparison())->check($case['expect'], Neutral::plain(RateLimitParser::parse($value)), 'rate_limit');
        self::$ran["{$file}: {$case['name']}"] = true;
    }

    public function testTheTreeOfErrors(): void
    {
        foreach (Cases::file('problems')['tree'] as $name => $parent) {
            $expected = $parent === null ? \RuntimeException::class : Neutral::errorClass($parent);
            $this->assertSame($expected, get_parent_class(Neutral::errorClass($name)));
        }
    }

    /** Runs last: no case was left out. */
    public function testEveryCaseRan(): void
    {
        $files = glob(__DIR__ . '/../../conformance/*.json');
        $names = array_map(static fn (string $file) => basename($file, '.json'), $files);
        $total = array_sum(array_map(static fn (string $name) => count(Cases::file($name)['cases']), $names));
        $this->assertCount(8, $names);
        $this->assertCount($total, self::$ran);
    }

    private function compareSignature(array $case): void
    {
        try {
            $outcome = ['header' => Webhook::sign($case['body'], $case['secret'], $case['now'])];
        } catch (LinkSkipperException $exception) {
            $outcome = ['error' => Neutral::plain($exception)];
        }
        (new Comparison())->check($case['expect'], $outcome, 'outcome');
    }

    private function playExchange(array $case, float $random): void
    {
        $clock = new VirtualClock();
        $transport = new ScriptedTransport($case['answers'], $clock);
        $result = $error = null;
        try {
            $client = Play::client($case['client'] ?? [], $transport, $clock, $random);
            $result = Neutral::plain(Play::call($client, $case['call']));
        } catch (LinkSkipperException $exception) {
            $error = Neutral::plain($exception);
        }
        $this->compareExchange($case['expect'], $transport, $clock, $result, $error);
    }

    private function compareExchange(
        array $expect,
        ScriptedTransport $transport,
        VirtualClock $clock,
        mixed $result,
        ?array $error,
    ): void {
        $comparison = new Comparison();
        if (isset($expect['error'])) {
            $this->assertNotNull($error, 'no error was thrown');
            $comparison->check($expect['error'], $error, 'error');
        } else {
            $this->assertNull($error, $error['message'] ?? '');
        }
        if (array_key_exists('result', $expect)) {
            $comparison->check($expect['result'], $result, 'result');
        }
        if (isset($expect['requests'])) {
            $this->assertCount(count($expect['requests']), $transport->requests);
            foreach ($expect['requests'] as $index => $request) {
                $this->compareRequest($comparison, $request, $transport->requests[$index], "requests[{$index}]");
            }
        }
        $this->assertSame([], $transport->answers, 'answers that no attempt used');
        if (isset($expect['sleeps'])) {
            Comparison::checkSleeps($expect['sleeps'], $clock->sleeps);
        }
        if (isset($expect['elapsed'])) {
            $comparison->check($expect['elapsed'], $clock->elapsed, 'elapsed');
        }
    }

    private function compareRequest(Comparison $comparison, array $expected, array $actual, string $where): void
    {
        $this->assertSame(strtoupper($expected['path']), strtoupper($actual['path']));
        unset($expected['path']);
        if (isset($expected['headers'])) {
            $expected['headers'] = array_change_key_case($expected['headers']);
        }
        if (isset($expected['query'])) {
            $this->assertEqualsCanonicalizing(array_keys((array) $expected['query']), array_keys($actual['query']), $where);
        }
        $comparison->check($expected, $actual, $where);
    }

    private function compareRun(array $expect, VirtualNetwork $network, float $elapsed, array $outcomes, ?array $error): void
    {
        $comparison = new Comparison();
        isset($expect['error'])
            ? $comparison->check($expect['error'], $error, 'error')
            : $this->assertNull($error, $error['message'] ?? '');
        if (isset($expect['order'])) {
            $this->assertSame($expect['order'], array_column($outcomes, 'index'));
        }
        usort($outcomes, static fn (array $one, array $other) => $one['index'] <=> $other['index']);
        $comparison->check($expect['outcomes'], $outcomes, 'outcomes');
        $calls = array_count_values($network->targets);
        if (isset($expect['calls'])) {
            $expected = (array) $expect['calls'];
            $this->assertSame($expected, array_intersect_key(array_replace($expected, $calls), $expected));
            if ($expected === [] || $error !== null) {
                $this->assertEqualsCanonicalizing(array_keys($expected), array_keys($calls));
            }
        }
        if (isset($expect['max_in_flight'])) {
            $this->assertSame($expect['max_in_flight'], $network->maxInFlight);
        }
        foreach ($expect['quiet'] ?? [] as [$low, $high]) {
            $early = array_filter($network->starts, static fn (float $at) => $low <= $at && $at <= $high);
            $this->assertSame([], array_values($early));
        }
        if (isset($expect['elapsed'])) {
            $comparison->check($expect['elapsed'], $elapsed, 'elapsed');
        }
        $comparison->check($expect['keys'] ?? new \stdClass(), $network->keys, 'keys');
        if (isset($expect['distinct_keys'])) {
            $this->assertCount($expect['distinct_keys'], array_unique($network->keys));
        }
    }

    private function compareVerification(array $expect, \Closure $verify): void
    {
        try {
            $outcome = ['event' => Neutral::plain($verify())];
        } catch (LinkSkipperException $exception) {
            $outcome = ['error' => Neutral::plain($exception)];
        }
        (new Comparison())->check($expect, $outcome, 'outcome');
    }
}
