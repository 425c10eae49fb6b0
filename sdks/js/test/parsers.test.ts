/** Parsers of headers and bodies never fail with an error of another kind, whatever they are given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LinkSkipper, LinkSkipperError, signWebhook, verifyWebhook, type WebhookHeaders } from "linkskipper-sdk";

const NAMES =
  "job_id status url target_url provider tier cached balance trace jobs delivery payload attempts next code".split(" ");
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 1.5, 7, "done", "queued", "rate_limited", "2026-06-05"),
    fc.string({ unit: "binary" }),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("json"), { maxKeys: 8 }),
  ),
}));
const text = fc.string({ unit: "binary" });
const headerText = fc.oneof(fc.string({ unit: fc.constantFrom(...'";=,rt019- minutedaily\\:\tv1') }), text);
const latin1 = fc.string({ unit: fc.constantFrom(...'";=,rt0123456789- minutedaily\\:?é') });

/** Assert that a call succeeds or fails with an error of this package. */
async function ends(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof LinkSkipperError) || !error.message) throw error;
  }
}

function clientOf(body: BodyInit | null, init: ResponseInit): LinkSkipper {
  const fetch = async () => new Response(body, init);
  return new LinkSkipper({ apiKey: "sk_live_x", fetch, retry: { maxAttempts: 1 } });
}

test("any answer is a result or an error of this package", async () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    json.map((value) => JSON.stringify(value)),
  );
  const statuses = fc.integer({ min: 200, max: 599 }).filter((status) => ![204, 205, 304].includes(status));
  await fc.assert(
    fc.asyncProperty(statuses, bodies, async (status, body) => {
      const client = clientOf(body as BodyInit, { status });
      await ends(() => client.resolve("x"));
      await ends(() => client.getJob("x"));
      await ends(() => client.account());
      await ends(() => client.providerFor("x"));
      await ends(() => client.webhooks.delivery("x"));
      await ends(() => client.jobs().next());
      await ends(() => client.request("GET", "/x"));
    }),
  );
});

test("any RateLimit and any Retry-After is read or ignored", async () => {
  await fc.assert(
    fc.asyncProperty(latin1, latin1, async (limit, after) => {
      const headers = { ratelimit: limit, "retry-after": after };
      const { meta } = await clientOf('{"balance":1}', { headers }).account();
      assert(meta.rateLimit.minute === null || meta.rateLimit.minute.remaining >= 0);
      const error = await clientOf("", { status: 404, headers })
        .account()
        .catch((thrown) => thrown);
      assert(error.retryAfter === null || error.retryAfter >= 0);
    }),
  );
});

test("any RateLimit is read in no time", async () => {
  for (const piece of ['"', "\\", ";", "=", ",", " ", "a;", ';a="', '"\\', "; "]) {
    const began = performance.now();
    await clientOf('{"balance":1}', { headers: { ratelimit: piece.repeat(1000 / piece.length) } }).account();
    assert(performance.now() - began < 500, piece);
  }
});

test("any text has a provider or none", async () => {
  const client = clientOf('{"providers":[{"provider":"p","hosts":["x.example","*.y.example"]}]}', {});
  await fc.assert(fc.asyncProperty(text, (url) => ends(() => client.providerFor(url))));
});

test("any text is a job id or refused", async () => {
  const client = clientOf('{"status":"done"}', {});
  await fc.assert(fc.asyncProperty(text, (id) => ends(() => client.getJob(id))));
});

test("any headers verify or throw an error of this package", async () => {
  const value = fc.oneof(fc.constant(null), fc.integer(), headerText, fc.array(headerText));
  const name = fc.oneof(
    text,
    fc.constantFrom("X-LinkSkipper-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"),
  );
  const bags = fc.oneof(headerText, fc.dictionary(name, value), fc.array(fc.tuple(name, value)));
  const bodies = fc.oneof(text, fc.uint8Array());
  await fc.assert(
    fc.asyncProperty(bodies, bags, (body, headers) =>
      ends(() => verifyWebhook(body, headers as WebhookHeaders, "whsec_x", { now: new Date(0) })),
    ),
  );
});

test("what is signed verifies up to its payload", async () => {
  const now = new Date(5000);
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.uint8Array()), async (body) => {
      const header = await signWebhook(body, "whsec_x", now);
      const error = await verifyWebhook(body, header, "whsec_x", { now }).catch((thrown) => thrown);
      assert(!(error instanceof Error) || (error as { code?: string }).code === "invalid_payload", String(error));
    }),
  );
});

test("bodies of all kinds of bytes verify alike, and parsed JSON is refused", async () => {
  const body = '{"event":"resolve.done","job_id":"1","status":"done"}';
  const header = await signWebhook(body, "whsec_x");
  const bytes = new TextEncoder().encode(body);
  const view = new DataView(new Uint8Array([0, ...bytes, 0]).buffer, 1, bytes.length);
  for (const form of [body, bytes, bytes.buffer, Buffer.from(body), view]) {
    assert.equal((await verifyWebhook(form, header, "whsec_x")).jobId, "1");
  }
  for (const wrong of [JSON.parse(body), null, undefined, 7]) {
    await assert.rejects(verifyWebhook(wrong, header, "whsec_x"), { name: "ConfigurationError" });
  }
});

test("headers of all kinds verify alike", async () => {
  const body = '{"event":"resolve.done","job_id":"1","status":"done"}';
  const signature = await signWebhook(body, "whsec_x");
  const bag = { "x-linkskipper-signature": signature, "webhook-id": "7" };
  const raw = Object.entries(bag);
  for (const headers of [bag, new Headers(bag), new Map(raw), raw, new Request("http://x", { headers: bag }).headers]) {
    assert.equal((await verifyWebhook(body, headers, "whsec_x")).webhookId, "7");
  }
  for (const wrong of [null, undefined, 7] as unknown as string[]) {
    await assert.rejects(verifyWebhook(body, wrong, "whsec_x"), { code: "missing_header" });
  }
});
