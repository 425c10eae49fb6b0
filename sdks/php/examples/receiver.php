<?php

// Receive webhooks in plain PHP: LINKSKIPPER_WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:8080 receiver.php

declare(strict_types=1);

require 'vendor/autoload.php';

use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Webhook;

try {
    $event = Webhook::verify((string) file_get_contents('php://input'), $_SERVER);
} catch (WebhookVerificationException $exception) {
    http_response_code(400);
    exit($exception->getMessage());
}
// The folder remembers what came before. In production: a table with a unique webhook_id.
$seen = sys_get_temp_dir() . '/webhook-' . hash('sha256', (string) $event->webhookId);
if (@fopen($seen, 'x') !== false) {
    error_log("Job {$event->jobId}: " . ($event->targetUrl ?? $event->error));
}
http_response_code(204);
