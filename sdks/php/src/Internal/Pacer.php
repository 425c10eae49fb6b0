<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\HttpResponse;

/**
 * Holds calls back while the per-minute limit has no room for them. All times are milliseconds.
 *
 * @internal
 */
final class Pacer
{
    private int $inFlight = 0;
    private float $pausedUntil = -INF;
    private ?int $room = null; // null: the service tells no limit
    private float $roomFrom = -INF;

    public function __construct(private readonly Clock $clock)
    {
    }

    /** Return when the next call may start. An answer before that may change it. */
    public function opensAt(): float
    {
        return $this->room === 0 ? max($this->pausedUntil, $this->roomFrom) : $this->pausedUntil;
    }

    /** Count a call that starts. */
    public function started(): void
    {
        $this->inFlight++;
        if ($this->room === 0) {
            $this->roomFrom = INF; // one call finds out whether there is room again
        } elseif ($this->room !== null) {
            $this->room--;
        }
    }

    /** Count a call that ended, and learn from its answer what is left. */
    public function ended(HttpResponse|NetworkException $reply): void
    {
        $this->inFlight--;
        if ($reply instanceof NetworkException) {
            $this->roomFrom = $this->roomFrom === INF ? $this->clock->nowMs() : $this->roomFrom;

            return;
        }
        $limit = RateLimitParser::parse($reply->headers['ratelimit'] ?? null)->minute;
        if ($limit?->reset === null) {
            $this->room = null;

            return;
        }
        $this->room = max(0, $limit->remaining - $this->inFlight);
        $this->roomFrom = $this->clock->nowMs() + 1000 * $limit->reset;
    }

    /** Let no call start for this time. */
    public function pause(float $milliseconds): void
    {
        $this->pausedUntil = max($this->pausedUntil, $this->clock->nowMs() + $milliseconds);
    }
}
