<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/**
 * A webhook is not what it claims to be.
 *
 * `errorCode` is `missing_header`, `malformed_header`, `timestamp_too_old`, `timestamp_too_new`,
 * `no_matching_signature` or `invalid_payload`.
 */
final class WebhookVerificationException extends LinkSkipperException
{
    public function __construct(string $message, public readonly string $errorCode)
    {
        parent::__construct($message);
    }
}
