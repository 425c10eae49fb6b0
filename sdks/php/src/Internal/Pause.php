<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * What a flow yields to close the gate of its run for this time. It goes on at once.
 *
 * @internal
 */
final readonly class Pause
{
    public function __construct(public float $milliseconds)
    {
    }
}
