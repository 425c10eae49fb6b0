<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

use LinkSkipper\Sdk\Http\HttpRequest;

/** One attempt took longer than its timeout. */
final class RequestTimeoutException extends NetworkException
{
    /** Return the error for an attempt that had no whole answer within its `timeoutMs`. */
    public static function of(HttpRequest $request): self
    {
        $seconds = sprintf('%g', $request->timeoutMs / 1000);

        return new self("{$request->method} {$request->url} had no whole answer within {$seconds} s.");
    }
}
