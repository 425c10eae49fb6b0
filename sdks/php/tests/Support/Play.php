<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\CallOptions;
use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\Http\Transport;
use LinkSkipper\Sdk\LinkSkipper;

/** Makes clients and calls from the neutral spelling of the cases. */
final class Play
{
    // Durations are seconds in the cases and whole milliseconds here.
    private const DURATIONS = [
        'timeout', 'max_wait', 'poll_interval', 'long_poll', 'wait', 'initial_delay', 'max_delay', 'max_retry_after',
    ];
    private const VARIABLES = ['LINKSKIPPER_API_KEY', 'LINKSKIPPER_BASE_URL', 'LINKSKIPPER_WEBHOOK_SECRET'];

    /** Set the environment variables of a case, and no others. */
    public static function setEnvironment(array|\stdClass $variables): void
    {
        foreach (self::VARIABLES as $name) {
            $value = ((array) $variables)[$name] ?? null;
            putenv($value === null ? $name : "{$name}={$value}");
            unset($_SERVER[$name]);
        }
    }

    public static function client(array|\stdClass $options, Transport $transport, VirtualClock $clock, float $random): LinkSkipper
    {
        $given = ['api_key' => 'sk_live_conformance', 'base_url' => 'http://127.0.0.1:8000', ...(array) $options];

        return new LinkSkipper(new Config(...self::arguments($given), ...[
            'transport' => $transport,
            'sleeper' => $clock,
            'clock' => $clock,
            'random' => static fn (): float => $random,
        ]));
    }

    public static function call(LinkSkipper $client, array $call): mixed
    {
        $target = $client;
        $path = explode('.', $call['method']);
        $method = lcfirst(str_replace('_', '', ucwords(array_pop($path), '_')));
        foreach ($path as $part) {
            $target = $target->$part;
        }
        $arguments = self::arguments((array) $call['arguments']);
        if (isset($call['options'])) {
            $arguments['options'] = new CallOptions(...self::arguments((array) $call['options']));
        }
        $result = $target->$method(...$arguments);
        if ($call['method'] === 'resolve_many' || !is_iterable($result)) {
            return $result;
        }

        return ['items' => is_array($result) ? $result : iterator_to_array($result, true)];
    }

    private static function arguments(array $neutral): array
    {
        $arguments = [];
        foreach (array_filter($neutral, static fn ($value) => $value !== null) as $name => $value) {
            $isDuration = in_array($name, self::DURATIONS, true);
            $camel = lcfirst(str_replace('_', '', ucwords($name, '_'))) . ($isDuration ? 'Ms' : '');
            $arguments[$name === 'retry' ? 'retryPolicy' : $camel] = match (true) {
                $name === 'retry' => new RetryPolicy(...self::arguments((array) $value)),
                $isDuration => (int) round(1000 * $value),
                $value instanceof \stdClass => [],
                default => $value,
            };
        }

        return $arguments;
    }
}
