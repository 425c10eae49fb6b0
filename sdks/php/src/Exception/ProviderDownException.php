<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `provider_down`: The provider is switched off or failing. */
final class ProviderDownException extends ApiException
{
    public function isRetryable(): bool
    {
        return true;
    }
}
