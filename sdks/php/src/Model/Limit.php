<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** The calls that a limit has left, and the seconds until there are more. */
final readonly class Limit
{
    public function __construct(
        public int $remaining,
        public ?int $reset,
    ) {
    }
}
