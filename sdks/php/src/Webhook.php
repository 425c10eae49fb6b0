<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Internal\Options;
use LinkSkipper\Sdk\Internal\Secret;
use LinkSkipper\Sdk\Internal\SignatureVerifier;
use LinkSkipper\Sdk\Model\WebhookEvent;

/** Verifies and signs webhooks. It needs no client. */
final class Webhook
{
    public const SIGNATURE_HEADER = 'X-LinkSkipper-Signature';
    public const TOLERANCE_SECONDS = 300;

    /**
     * Verify a webhook and return its event.
     *
     * @param string $payload The body as it arrived. Parsed and rewritten JSON does not verify.
     * @param string|iterable<mixed>|object $headers The value of `X-LinkSkipper-Signature`, or all headers: an array of
     *     any case, `$_SERVER`, a PSR-7 request, `$request->headers` of Laravel and Symfony.
     * @param string|iterable<string>|null $secret One (`whsec_…`) or several. Default: `LINKSKIPPER_WEBHOOK_SECRET`.
     * @param int $toleranceSeconds How old or ahead the signature may be.
     * @param int|float|null $now Seconds since 1970, for tests.
     *
     * @throws WebhookVerificationException the webhook is not what it claims to be. `errorCode` says why.
     * @throws ConfigurationException there is no secret
     */
    public static function verify(
        string $payload,
        string|iterable|object|null $headers,
        #[\SensitiveParameter] string|iterable|null $secret = null,
        int $toleranceSeconds = self::TOLERANCE_SECONDS,
        int|float|null $now = null,
    ): WebhookEvent {
        $secrets = Options::webhookSecrets($secret);

        return SignatureVerifier::verify($payload, $headers, $secrets, $toleranceSeconds, $now ?? microtime(true));
    }

    /**
     * Return the value of `X-LinkSkipper-Signature` for a body, to test a receiver with.
     *
     * @param int|null $now Seconds since 1970. Default: the present.
     */
    public static function sign(string $payload, #[\SensitiveParameter] string $secret, ?int $now = null): string
    {
        $hidden = new Secret($secret);
        SignatureVerifier::checkPresent([$hidden]);
        $time = (string) ($now ?? time());

        return "t={$time},v1=" . SignatureVerifier::hexSignature($payload, $time, $hidden);
    }
}
