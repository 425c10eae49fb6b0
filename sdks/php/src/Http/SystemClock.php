<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

/** The clocks of the machine. */
final class SystemClock implements Clock
{
    public function nowMs(): float
    {
        return hrtime(true) / 1e6;
    }

    public function unixTime(): float
    {
        return microtime(true);
    }
}
