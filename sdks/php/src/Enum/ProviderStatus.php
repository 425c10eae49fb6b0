<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** How a provider is doing. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum ProviderStatus: string
{
    case Up = 'up';
    case Degraded = 'degraded';
    case Down = 'down';
    case Unknown = 'unknown';
}
