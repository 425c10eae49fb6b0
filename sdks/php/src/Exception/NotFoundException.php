<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `not_found`: The key has no such job or delivery. */
final class NotFoundException extends ApiException
{
}
