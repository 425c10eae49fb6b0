<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** The state of a webhook delivery. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum DeliveryStatus: string
{
    case Pending = 'pending';
    case Delivered = 'delivered';
    case Failed = 'failed';
    case Unknown = 'unknown';
}
