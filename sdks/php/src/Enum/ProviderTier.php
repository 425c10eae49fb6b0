<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** The price class of a provider. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum ProviderTier: string
{
    case Standard = 'standard';
    case Premium = 'premium';
    case Unknown = 'unknown';
}
