<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** A URL on the way from the link to its target. */
final readonly class TraceHop
{
    public function __construct(
        public string $url,
        public ?string $mechanism,
        public ?int $status,
        public int|float|null $milliseconds,
    ) {
    }
}
