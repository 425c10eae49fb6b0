<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `service_unavailable`: The service cannot reach its database. */
final class ServiceUnavailableException extends ApiException
{
    public function isRetryable(): bool
    {
        return true;
    }
}
