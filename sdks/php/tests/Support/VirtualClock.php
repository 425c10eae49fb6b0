<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\Sleeper;

/** Time that moves only when it is told to. */
final class VirtualClock implements Clock, Sleeper
{
    private const START = 1780660800; // 2026-06-05T12:00:00Z

    /** Seconds since the call. */
    public float $elapsed = 0.0;
    /** @var list<float> in seconds */
    public array $sleeps = [];

    public function nowMs(): float
    {
        return 1_000_000 + 1000 * $this->elapsed;
    }

    public function unixTime(): float
    {
        return self::START + $this->elapsed;
    }

    public function sleepMs(int $milliseconds): void
    {
        $this->sleeps[] = $milliseconds / 1000;
        $this->elapsed += $milliseconds / 1000;
    }
}
