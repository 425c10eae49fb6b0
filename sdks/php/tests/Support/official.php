<?php

// A program for the official PHP client. A test changes its imports and runs it.

declare(strict_types=1);

use LinkSkipper\Config;
use LinkSkipper\Enum\ErrorCode;
use LinkSkipper\Enum\ResolveStatus;
use LinkSkipper\Exception\ApiException;
use LinkSkipper\Exception\JobFailedException;
use LinkSkipper\Exception\TimeoutException;
use LinkSkipper\Http\RetryPolicy;
use LinkSkipper\LinkSkipper;
use LinkSkipper\Webhook;

require 'vendor/autoload.php';

$client = LinkSkipper::create(getenv('LINKSKIPPER_API_KEY'), getenv('LINKSKIPPER_BASE_URL'));
$link = $client->resolveAndWait('https://redirect.lab.test/301', maxWaitMs: 60000, pollIntervalMs: 2000);
printf("%s %s %s\n", $link->targetUrl, $link->provider, $link->tier->value);

$client = new LinkSkipper(new Config(
    apiKey: getenv('LINKSKIPPER_API_KEY'),
    baseUrl: getenv('LINKSKIPPER_BASE_URL') . '/',
    timeoutMs: 30000,
    pollIntervalMs: 100,
    maxWaitMs: 120000,
    retryPolicy: new RetryPolicy(maxAttempts: 3, initialDelayMs: 500, maxDelayMs: 8000, backoffFactor: 2.0),
));
$result = $client->resolve('https://slow.lab.test/1/official-' . uniqid(), idempotencyKey: 'official-' . uniqid());
assert(!$result->isDone() && $result->status === ResolveStatus::Queued && $result->queuePosition >= 0);
echo $result->status->value, "\n";
do {
    usleep(100_000);
    $job = $client->getJob($result->jobId);
} while (!$job->status->isTerminal());
echo $job->status->value, "\n";

try {
    $client->resolveAndWait('https://gate.lab.test/recaptcha');
} catch (JobFailedException $exception) {
    assert($exception->job->error === $exception->reason);
    echo $exception->reason, "\n";
}
try {
    $client->resolve('https://unsupported.example/x');
} catch (ApiException $exception) {
    assert($exception->errorCode() === ErrorCode::UnsupportedLink && $exception->detail() !== '');
    assert($exception->retryAfter() === null && $exception->balance() === null && $exception->problem->title !== '');
    echo "{$exception->status()} {$exception->errorCode()->value}\n";
}
try {
    $client->resolveAndWait('https://slow.lab.test/9/official-' . uniqid(), null, 100, 300);
} catch (TimeoutException $exception) {
    echo $exception->jobId !== null && $exception->waitedMs >= 300 ? "timed out\n" : "wrong\n";
}

$payload = '{"event":"resolve.done","created_at":"2026-06-05T12:00:00.000Z","job_id":"1","status":"done"}';
$header = sprintf('t=%d,v1=%s', time(), hash_hmac('sha256', time() . '.' . $payload, 'whsec_x'));
$event = Webhook::verify($payload, $header, 'whsec_x', 300);
assert((string) $event->createdAt === '2026-06-05T12:00:00.000Z');
echo "{$event->event->value} {$event->status->value}\n";

$account = $client->account();
$count = count($client->providers());
printf("balance: %d, until: %s, providers: %d\n", $account->balance, $account->subscriptionUntil ?? 'none', $count);
