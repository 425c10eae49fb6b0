<?php

// Receive webhooks with Laravel: Route::post('/hooks/linkskipper', WebhookController::class), outside the CSRF check.

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\Cache;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Webhook;

final class WebhookController
{
    /** Verify the raw body, ignore repeats, and answer soon. */
    public function __invoke(Request $request): Response
    {
        try {
            $event = Webhook::verify($request->getContent(), $request->headers);
        } catch (WebhookVerificationException $exception) {
            return new Response($exception->getMessage(), 400);
        }
        if (Cache::add("webhook-{$event->webhookId}", true, now()->addWeek())) {
            logger()->info("Job {$event->jobId}: " . ($event->targetUrl ?? $event->error));
        }

        return new Response('', 204);
    }
}
