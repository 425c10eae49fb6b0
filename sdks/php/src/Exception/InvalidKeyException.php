<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `invalid_key`: The API key is missing, malformed, unknown or revoked. */
final class InvalidKeyException extends ApiException
{
}
