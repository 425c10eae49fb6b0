<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

/** An HTTP answer. */
final readonly class HttpResponse
{
    public function __construct(
        public int $status,
        /** @var array<string, string> by names in lower case. The values of a repeated header are joined by ", ". */
        public array $headers,
        public string $body,
    ) {
    }
}
