<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `rate_limited`: The per-minute limit of the key is used up. */
final class RateLimitedException extends ApiException
{
    public function isRetryable(): bool
    {
        return true;
    }
}
