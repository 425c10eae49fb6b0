<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Exception\LinkSkipperException;

/** The end of one link of `resolveMany`: either `link` or `error` is set. */
final readonly class Outcome
{
    public function __construct(
        public int $index,
        public string $url,
        public ?ResolvedLink $link,
        public ?LinkSkipperException $error,
    ) {
    }
}
