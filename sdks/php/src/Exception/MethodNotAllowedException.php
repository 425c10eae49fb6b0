<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `method_not_allowed`: The route does not take this method. */
final class MethodNotAllowedException extends ApiException
{
}
