<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/**
 * A wait reached its deadline. The job goes on: call `waitForJob` with `jobId`.
 *
 * `waitedMs` is the time since the call began. `lastError` is the error of the last exchange, if it failed.
 */
final class TimeoutException extends LinkSkipperException
{
    public function __construct(
        string $message,
        public readonly int $waitedMs,
        public readonly ?LinkSkipperException $lastError = null,
    ) {
        parent::__construct($message, 0, $lastError);
    }
}
