<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `invalid_request`: A field is missing, unknown, of a wrong type or over its limit. */
final class InvalidRequestException extends ApiException
{
}
