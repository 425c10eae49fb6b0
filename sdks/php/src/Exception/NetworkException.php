<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/**
 * No whole answer arrived. `cause` names the failure of the HTTP client: `curl 7`, or the class of its exception.
 *
 * The exception of a PSR-18 client is not attached, because it holds the request with its key.
 */
class NetworkException extends LinkSkipperException
{
    public function __construct(string $message, public readonly ?string $cause = null)
    {
        parent::__construct($message);
    }

    public function isRetryable(): bool
    {
        return true;
    }
}
