<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Model\WebhookEvent;

/**
 * Verifies webhooks against hidden secrets.
 *
 * @internal
 */
final class SignatureVerifier
{
    private const SECRET_PREFIX = 'whsec_';
    private const KEY_PREFIX = 'sk_live_';

    /** @param list<Secret> $secrets */
    public static function verify(
        string $payload,
        string|iterable|object|null $headers,
        array $secrets,
        int $toleranceSeconds,
        int|float $now,
    ): WebhookEvent {
        self::checkPresent($secrets);
        $signed = SignedHeaders::read($headers);
        self::checkTime((float) $signed->time, $toleranceSeconds, $now);
        $matches = 0;
        foreach ($secrets as $secret) {
            $expected = $signed->isStandard
                ? self::base64Signature($payload, (string) $signed->webhookId, $signed->time, $secret)
                : self::hexSignature($payload, $signed->time, $secret);
            foreach ($expected === null ? [] : $signed->signatures as $signature) {
                // Every pair is compared, so that the time tells nothing about which one fits.
                $matches += (int) hash_equals($expected, $signature);
            }
        }
        if ($matches === 0) {
            throw new WebhookVerificationException(self::noMatch($secrets), 'no_matching_signature');
        }

        return self::event($payload, $signed->webhookId);
    }

    /**
     * @param list<Secret> $secrets
     * @throws ConfigurationException there is none, or one is empty
     */
    public static function checkPresent(array $secrets): void
    {
        foreach ($secrets ?: [new Secret('')] as $secret) {
            if ($secret->reveal() === '') {
                $variable = Options::WEBHOOK_SECRET_VARIABLE;
                throw new ConfigurationException("A webhook secret is missing: pass it or set {$variable}.");
            }
        }
    }

    public static function hexSignature(string $payload, string $time, Secret $secret): string
    {
        return hash_hmac('sha256', "{$time}.{$payload}", $secret->reveal());
    }

    /** Return null for a secret that is not base64: no signature fits it. PHP alone ignores whitespace in it. */
    private static function base64Signature(string $payload, string $id, string $time, Secret $secret): ?string
    {
        $prefix = '/^' . self::SECRET_PREFIX . '/';
        $key = base64_decode((string) preg_replace($prefix, '', $secret->reveal()), true);

        return $key === false || $key === '' || self::hasWhitespace($secret)
            ? null
            : base64_encode(hash_hmac('sha256', "{$id}.{$time}.{$payload}", $key, true));
    }

    private static function checkTime(float $time, int $toleranceSeconds, int|float $now): void
    {
        $age = $now - $time;
        if (abs($age) <= $toleranceSeconds) {
            return;
        }
        [$code, $word] = $age > 0 ? ['timestamp_too_old', 'old'] : ['timestamp_too_new', 'ahead'];
        $seconds = sprintf('%.0f', abs($age));
        $message = "The signature is {$seconds} s {$word}, and {$toleranceSeconds} s are tolerated. Check the clock.";
        throw new WebhookVerificationException($message, $code);
    }

    /** @param list<Secret> $secrets */
    private static function noMatch(array $secrets): string
    {
        $message = 'No signature fits. Pass the raw bytes of the body, not JSON that was parsed and written again.';
        foreach ($secrets as $secret) {
            if (self::hasWhitespace($secret)) {
                $message .= ' The secret has whitespace in it.';
            }
            if (str_starts_with($secret->reveal(), self::KEY_PREFIX)) {
                $message .= ' The secret begins with ' . self::KEY_PREFIX . ': that is an API key. '
                    . 'A webhook secret begins with ' . self::SECRET_PREFIX . '.';
            }
        }

        return $message;
    }

    private static function hasWhitespace(Secret $secret): bool
    {
        return preg_match('/\s/u', $secret->reveal()) === 1;
    }

    private static function event(string $payload, ?string $webhookId): WebhookEvent
    {
        try {
            $value = json_decode($payload, true, flags: JSON_THROW_ON_ERROR);
            if (!Fields::isObject($value)) {
                throw new FieldException('it is not a JSON object');
            }

            return Parser::event(new Fields($value), $webhookId);
        } catch (\JsonException | FieldException $exception) {
            $message = "The payload is not an event: {$exception->getMessage()}";
            throw new WebhookVerificationException($message, 'invalid_payload');
        }
    }
}
