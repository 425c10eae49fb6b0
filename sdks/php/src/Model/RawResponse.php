<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** The answer to `request`. `json` is the decoded body, or null where the body is not JSON. */
final readonly class RawResponse
{
    public function __construct(
        public int $status,
        /** @var array<string, string> by names in lower case */
        public array $headers,
        public string $body,
        public mixed $json,
        public Meta $meta,
    ) {
    }
}
