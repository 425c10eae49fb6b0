<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk;

use LinkSkipper\Sdk\Http\RetryPolicy;

/**
 * The options of one call: they win over those of the client.
 *
 * `whileWaiting` is called several times a second while the call waits. What it throws ends the call and is passed on
 * as it is: a way to cancel.
 */
final readonly class CallOptions
{
    public function __construct(
        public ?int $timeoutMs = null,
        public ?RetryPolicy $retryPolicy = null,
        /** @var array<string, string> */
        public array $headers = [],
        public ?\Closure $whileWaiting = null,
    ) {
    }
}
