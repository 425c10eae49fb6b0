<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

use LinkSkipper\Sdk\Exception\ApiException;
use LinkSkipper\Sdk\Exception\ForbiddenScopeException;
use LinkSkipper\Sdk\Exception\InternalException;
use LinkSkipper\Sdk\Exception\InvalidKeyException;
use LinkSkipper\Sdk\Exception\InvalidRequestException;
use LinkSkipper\Sdk\Exception\LinkRemovedException;
use LinkSkipper\Sdk\Exception\MethodNotAllowedException;
use LinkSkipper\Sdk\Exception\NotFoundException;
use LinkSkipper\Sdk\Exception\OutOfCreditsException;
use LinkSkipper\Sdk\Exception\ProviderDownException;
use LinkSkipper\Sdk\Exception\QuotaExceededException;
use LinkSkipper\Sdk\Exception\RateLimitedException;
use LinkSkipper\Sdk\Exception\ResolveFailedException;
use LinkSkipper\Sdk\Exception\ServiceUnavailableException;
use LinkSkipper\Sdk\Exception\UnexpectedResponseException;
use LinkSkipper\Sdk\Exception\UnsupportedLinkException;

/** The codes of the API's errors. `Unknown` is anything else: HTML of a proxy, or a code that is new. */
enum ErrorCode: string
{
    case InvalidRequest = 'invalid_request';
    case InvalidKey = 'invalid_key';
    case OutOfCredits = 'out_of_credits';
    case ForbiddenScope = 'forbidden_scope';
    case NotFound = 'not_found';
    case MethodNotAllowed = 'method_not_allowed';
    case LinkRemoved = 'link_removed';
    case UnsupportedLink = 'unsupported_link';
    case RateLimited = 'rate_limited';
    case QuotaExceeded = 'quota_exceeded';
    case InternalError = 'internal_error';
    case ResolveFailed = 'resolve_failed';
    case ProviderDown = 'provider_down';
    case ServiceUnavailable = 'service_unavailable';
    case Unknown = 'unknown';

    /**
     * Return the class of the errors with this code.
     *
     * @return class-string<ApiException>
     */
    public function exceptionClass(): string
    {
        return match ($this) {
            self::InvalidRequest => InvalidRequestException::class,
            self::InvalidKey => InvalidKeyException::class,
            self::OutOfCredits => OutOfCreditsException::class,
            self::ForbiddenScope => ForbiddenScopeException::class,
            self::NotFound => NotFoundException::class,
            self::MethodNotAllowed => MethodNotAllowedException::class,
            self::LinkRemoved => LinkRemovedException::class,
            self::UnsupportedLink => UnsupportedLinkException::class,
            self::RateLimited => RateLimitedException::class,
            self::QuotaExceeded => QuotaExceededException::class,
            self::InternalError => InternalException::class,
            self::ResolveFailed => ResolveFailedException::class,
            self::ProviderDown => ProviderDownException::class,
            self::ServiceUnavailable => ServiceUnavailableException::class,
            self::Unknown => UnexpectedResponseException::class,
        };
    }
}
