<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** The answer does not come from the API as this package knows it: HTML of a proxy, a redirect, broken JSON. */
final class UnexpectedResponseException extends ApiException
{
    public function isRetryable(): bool
    {
        return in_array($this->status(), [408, 409, 429], true) || $this->status() >= 500;
    }
}
