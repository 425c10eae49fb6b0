<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

/** Really sleeps. */
final class SystemSleeper implements Sleeper
{
    public function sleepMs(int $milliseconds): void
    {
        usleep($milliseconds * 1000);
    }
}
