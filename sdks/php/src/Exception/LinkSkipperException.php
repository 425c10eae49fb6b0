<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** The base of all errors of this package. The message never holds a secret. */
class LinkSkipperException extends \RuntimeException
{
    /** The job that the call was waiting for, if it knew one. `waitForJob` goes on with it. */
    public ?string $jobId = null;

    /** Say whether the same call may succeed later without a change. */
    public function isRetryable(): bool
    {
        return false;
    }
}
