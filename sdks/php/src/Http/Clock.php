<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

/** A source of time, to test waits without waiting. */
interface Clock
{
    /** Return milliseconds that never go back. */
    public function nowMs(): int|float;

    /** Return seconds since 1970. */
    public function unixTime(): float;
}
