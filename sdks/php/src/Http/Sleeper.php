<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

/** Sleeps, to test waits without waiting. */
interface Sleeper
{
    public function sleepMs(int $milliseconds): void;
}
