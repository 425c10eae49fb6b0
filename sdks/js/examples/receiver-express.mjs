// Receive webhooks with Express: LINKSKIPPER_WEBHOOK_SECRET=whsec_… node receiver-express.mjs
import express from "express";
import { verifyWebhook, WebhookVerificationError } from "linkskipper-sdk/webhooks";

const app = express();
const seen = new Set(); // in production: a table with a unique webhookId

// express.json() would parse the body, and the signature is that of the raw bytes.
app.post("/hooks/linkskipper", express.raw({ type: "application/json" }), async (request, response) => {
  try {
    const event = await verifyWebhook(request.body, request.headers);
    if (!seen.has(event.webhookId)) console.log(`Job ${event.jobId}: ${event.targetUrl ?? event.error}`);
    seen.add(event.webhookId);
    response.sendStatus(204);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    response.status(400).send(error.message);
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), () => console.log(`Port ${server.address().port}`));
