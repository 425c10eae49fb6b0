<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Internal\Secret;

/** An HTTP request. The key is not among `headers`, so that no dump shows it: `headersWithKey()` has it. */
final readonly class HttpRequest
{
    public function __construct(
        public string $method,
        public string $url,
        /** @var array<string, string> by names in lower case */
        public array $headers,
        public ?string $body,
        public int $timeoutMs,
        private Secret $apiKey,
        /** Whether a transport may send it again on another connection. */
        public bool $repeatable = true,
        /** Called several times a second while the request is under way. What it throws ends the call. */
        public ?\Closure $whileWaiting = null,
    ) {
    }

    /** @return array<string, string> all headers, by names in lower case */
    public function headersWithKey(): array
    {
        return [...$this->headers, 'authorization' => 'Bearer ' . $this->apiKey->reveal()];
    }

    /** Return a text without the key. */
    public function hideKey(string $text): string
    {
        return $this->apiKey->hideIn($text);
    }
}
