<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\ConfigurationException;

/**
 * The number of attempts and the delays between them.
 *
 * `maxAttempts` counts all attempts, the first included: 1 turns retries off. Each delay is random between its half and
 * itself. A `Retry-After` of more than `maxRetryAfterMs` is not waited out: the error is thrown at once.
 */
final readonly class RetryPolicy
{
    public function __construct(
        public int $maxAttempts = 3,
        public int $initialDelayMs = 500,
        public int $maxDelayMs = 8000,
        public float $backoffFactor = 2.0,
        public int $maxRetryAfterMs = 60000,
    ) {
        if ($maxAttempts < 1) {
            throw new ConfigurationException('maxAttempts must be 1 or more.');
        }
        if (min($initialDelayMs, $maxDelayMs, $maxRetryAfterMs) < 0) {
            throw new ConfigurationException('initialDelayMs, maxDelayMs and maxRetryAfterMs must be 0 or more.');
        }
        if (!is_finite($backoffFactor) || $backoffFactor < 1) {
            throw new ConfigurationException('backoffFactor must be 1 or more.');
        }
    }

    /** Return the milliseconds to sleep after this number of failures. `$random` is from 0 to 1. */
    public function delayMs(int $failures, float $random): float
    {
        $delay = min((float) $this->maxDelayMs, $this->initialDelayMs * $this->backoffFactor ** min($failures - 1, 60));

        return $delay / 2 + $random * $delay / 2;
    }
}
