<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `resolve_failed`: The job that this idempotency key started has failed. */
final class ResolveFailedException extends ApiException
{
}
