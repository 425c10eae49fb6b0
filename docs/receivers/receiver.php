<?php
// A receiver of Link Skipper's webhooks: LINKSKIPPER_WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:3000 receiver.php

const TOLERANCE_SECONDS = 300;
const MAX_BODY_BYTES = 64 * 1024; // an event has less than half of that

/** Returns the event in a signed body. Throws if X-LinkSkipper-Signature does not match the secret. */
function verify(string $body, string $signature, string $secret, ?int $now = null): array
{
    $timestamp = '';
    $signatures = [];
    foreach (explode(',', $signature) as $part) {
        [$name, $value] = explode('=', $part, 2) + ['', ''];
        if ($name === 't') {
            $timestamp = $value;
        } elseif ($name === 'v1') {
            $signatures[] = $value;
        }
    }
    if (!ctype_digit($timestamp) || abs(($now ?? time()) - (int) $timestamp) > TOLERANCE_SECONDS) {
        throw new UnexpectedValueException('the signature is too old or too new');
    }
    $expected = hash_hmac('sha256', "$timestamp.$body", $secret);
    foreach ($signatures as $actual) { // during the grace time of a rolled secret there are two
        if (hash_equals($expected, $actual)) {
            return json_decode($body, true, flags: JSON_THROW_ON_ERROR);
        }
    }
    throw new UnexpectedValueException('the signature does not match');
}

if (PHP_SAPI === 'cli-server') {
    $body = file_get_contents('php://input', length: MAX_BODY_BYTES + 1);
    if (strlen($body) > MAX_BODY_BYTES) {
        http_response_code(413);
        exit;
    }
    try {
        $event = verify(
            $body,
            $_SERVER['HTTP_X_LINKSKIPPER_SIGNATURE'] ?? '',
            getenv('LINKSKIPPER_WEBHOOK_SECRET'),
        );
        // The same event may come twice. Store $_SERVER['HTTP_WEBHOOK_ID'], for example as the key of a table.
        error_log("{$event['event']} {$event['job_id']} " . ($event['target_url'] ?? $event['error']));
        http_response_code(204);
    } catch (UnexpectedValueException | JsonException $error) {
        http_response_code(400);
        echo $error->getMessage();
    }
}
