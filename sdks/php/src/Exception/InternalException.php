<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `internal_error`: The service failed. */
final class InternalException extends ApiException
{
    public function isRetryable(): bool
    {
        return true;
    }
}
