<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `quota_exceeded`: The daily quota of the key is used up. */
final class QuotaExceededException extends ApiException
{
}
