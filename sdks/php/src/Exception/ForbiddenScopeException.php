<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `forbidden_scope`: The key lacks the scope that the call needs. */
final class ForbiddenScopeException extends ApiException
{
}
