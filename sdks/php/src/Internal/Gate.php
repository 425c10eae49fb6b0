<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * What a flow yields to go on when the rate limit of a run of many links has room for a call.
 *
 * @internal
 */
final readonly class Gate
{
}
