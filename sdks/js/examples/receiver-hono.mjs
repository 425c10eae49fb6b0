// Receive webhooks with Hono, on Node, Deno, Bun or a worker. The app is the default export.
import { Hono } from "hono";
import { verifyWebhook, WebhookVerificationError } from "linkskipper-sdk/webhooks";

const app = new Hono();
const seen = new Set(); // in production: a table with a unique webhookId

app.post("/hooks/linkskipper", async (context) => {
  const { req: request, env } = context;
  try {
    const body = await request.arrayBuffer();
    const event = await verifyWebhook(body, request.raw.headers, env?.LINKSKIPPER_WEBHOOK_SECRET);
    if (!seen.has(event.webhookId)) console.log(`Job ${event.jobId}: ${event.targetUrl ?? event.error}`);
    seen.add(event.webhookId);
    return context.body(null, 204);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return context.text(error.message, 400);
  }
});

export default app;
