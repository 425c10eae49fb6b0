<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** What became of a call of `resolve`. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum ResolveStatus: string
{
    case Done = 'done';
    case Queued = 'queued';
    case Unknown = 'unknown';
}
