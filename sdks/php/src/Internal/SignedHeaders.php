<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Webhook;

/**
 * The content of the signature headers of a webhook.
 *
 * @internal
 */
final readonly class SignedHeaders
{
    /** @param list<string> $signatures */
    private function __construct(
        public string $time, // as it was written, because that is what was signed
        public array $signatures,
        public ?string $webhookId,
        public bool $isStandard,
    ) {
    }

    /** Read the value of the own header, or a bag of all headers. */
    public static function read(string|iterable|object|null $headers): self
    {
        if ($headers === null || is_string($headers)) {
            return self::own((string) $headers, null);
        }
        $bag = self::normalize($headers);
        $own = $bag[strtolower(Webhook::SIGNATURE_HEADER)] ?? '';

        return $own !== '' || !isset($bag['webhook-signature'])
            ? self::own($own, $bag['webhook-id'] ?? null)
            : self::standard($bag);
    }

    /** @return array<string, string> by names in lower case. `HTTP_WEBHOOK_ID` is `webhook-id`. */
    private static function normalize(iterable|object $headers): array
    {
        if (is_object($headers) && method_exists($headers, 'getHeaders')) {
            $headers = $headers->getHeaders(); // PSR-7
        }
        $bag = [];
        foreach (is_iterable($headers) ? $headers : [] as $name => $value) {
            $text = is_array($value) ? array_values($value)[0] ?? null : $value;
            if (is_string($text) && trim($text) !== '') {
                $key = str_replace('_', '-', strtolower((string) $name));
                $bag[preg_replace('/^http-/', '', $key)] = trim($text);
            }
        }

        return $bag;
    }

    private static function own(string $value, ?string $webhookId): self
    {
        $header = Webhook::SIGNATURE_HEADER;
        if (trim($value) === '') {
            throw new WebhookVerificationException("The header {$header} is missing.", 'missing_header');
        }
        $found = ['t' => [], 'v1' => []];
        foreach (explode(',', $value) as $part) {
            [$name, $text] = [...explode('=', trim($part), 2), ''];
            $found[$name][] = trim($text);
        }
        if (count($found['t']) !== 1 || !self::isNumber($found['t'][0]) || $found['v1'] === []) {
            $message = "The header {$header} is malformed: expected t=<seconds>,v1=<hex>.";
            throw new WebhookVerificationException($message, 'malformed_header');
        }

        return new self($found['t'][0], array_map(strtolower(...), $found['v1']), $webhookId, false);
    }

    /**
     * Read the headers of Standard Webhooks (standardwebhooks.com).
     *
     * @param array<string, string> $bag
     */
    private static function standard(array $bag): self
    {
        foreach (['webhook-id', 'webhook-timestamp'] as $name) {
            if (!isset($bag[$name])) {
                throw new WebhookVerificationException("The header {$name} is missing.", 'missing_header');
            }
        }
        preg_match_all('/(?<=^|\s)v1,(\S*)/', $bag['webhook-signature'], $matches);
        if (!self::isNumber($bag['webhook-timestamp']) || $matches[1] === []) {
            $message = 'The headers webhook-timestamp and webhook-signature are malformed: '
                . 'expected seconds and v1,<base64>.';
            throw new WebhookVerificationException($message, 'malformed_header');
        }

        return new self($bag['webhook-timestamp'], $matches[1], $bag['webhook-id'], true);
    }

    private static function isNumber(string $text): bool
    {
        return preg_match('/^[0-9]+$/D', $text) === 1;
    }
}
