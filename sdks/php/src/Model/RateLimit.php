<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** The limits of the key after a call. Null where the service tells nothing, or the key has no such limit. */
final readonly class RateLimit
{
    public function __construct(
        public ?Limit $minute,
        public ?Limit $daily,
    ) {
    }
}
