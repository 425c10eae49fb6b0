<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Http\Clock;

/**
 * A clock that stands still while code of the caller runs: a slow loop over outcomes does not use up the time of the
 * links in progress.
 *
 * @internal
 */
final class ActiveClock implements Clock
{
    private float $away = 0.0;
    private ?float $left = null;

    public function __construct(private readonly Clock $clock)
    {
    }

    /** Stop, because code of the caller begins. */
    public function leave(): void
    {
        $this->left = $this->clock->nowMs();
    }

    /** Go on. */
    public function enter(): void
    {
        $this->away += $this->clock->nowMs() - ($this->left ?? $this->clock->nowMs());
        $this->left = null;
    }

    public function nowMs(): float
    {
        return ($this->left ?? $this->clock->nowMs()) - $this->away;
    }

    public function unixTime(): float
    {
        return $this->clock->unixTime();
    }
}
