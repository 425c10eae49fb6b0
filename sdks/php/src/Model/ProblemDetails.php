<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

use LinkSkipper\Sdk\Enum\ErrorCode;

/** A problem document (RFC 9457), as far as the answer was one. */
final readonly class ProblemDetails
{
    public function __construct(
        public ?string $type,
        public ?string $title,
        public int $status,
        public ErrorCode $code,
        public ?string $codeName,
        public ?string $detail,
        public ?int $balance,
        public ?int $retryAfter,
    ) {
    }
}
