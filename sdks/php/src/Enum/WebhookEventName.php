<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** What a webhook tells. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum WebhookEventName: string
{
    case ResolveDone = 'resolve.done';
    case ResolveFailed = 'resolve.failed';
    case Unknown = 'unknown';
}
