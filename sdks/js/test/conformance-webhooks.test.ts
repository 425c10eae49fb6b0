/** Every case about webhooks and about the field RateLimit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LinkSkipper, LinkSkipperError, signWebhook, type VerifyOptions, verifyWebhook } from "linkskipper-sdk";
import { Comparison, type Json, load } from "./support/cases.js";
import { plain } from "./support/neutral.js";

let ran = 0;

for (const given of load("webhooks").cases) {
  test(`webhooks: ${given.name}`, async () => {
    delete process.env.LINKSKIPPER_WEBHOOK_SECRET;
    if (given.do === "sign") await checkSignature(given);
    else for (const verify of verifiers(given)) await checkVerification(given, verify);
    ran += 1;
  });
}

for (const given of load("ratelimit").cases) {
  test(`ratelimit: ${given.name}`, async () => {
    const headers = new Headers();
    for (const value of [given.value ?? []].flat()) headers.append("RateLimit", value);
    const fetch = async () => Response.json({ balance: 1 }, { headers });
    const { meta } = await new LinkSkipper({ apiKey: "sk_live_x", fetch }).account();
    assert.deepEqual(plain(meta.rateLimit), given.expect);
    ran += 1;
  });
}

after(() => assert.equal(ran, load("webhooks").cases.length + load("ratelimit").cases.length, "every case ran"));

type Verify = (body: Uint8Array, headers: Json, options: VerifyOptions) => Promise<unknown>;

/** Return the function and the client, which verify alike. */
function verifiers({ secrets }: Json): Verify[] {
  const client = new LinkSkipper({ apiKey: "sk_live_x", webhookSecret: secrets ?? undefined });
  return [
    (body, headers, options) => verifyWebhook(body, headers, secrets, options),
    (body, headers, options) => client.verifyWebhook(body, headers, undefined, options),
  ];
}

async function checkSignature({ body, secret, now, expect }: Json): Promise<void> {
  await checkOutcome(expect, "header", () => signWebhook(body, secret, new Date(now * 1000)));
}

async function checkVerification(given: Json, verify: Verify): Promise<void> {
  const body = given.body_base64 === undefined ? Buffer.from(given.body) : Buffer.from(given.body_base64, "base64");
  const options = { now: new Date(given.now * 1000), toleranceSeconds: given.tolerance };
  await checkOutcome(given.expect, "event", async () =>
    plain(await verify(body, given.headers ?? given.header, options)),
  );
}

/** Compare what a call returns or throws. */
async function checkOutcome(expect: Json, member: string, call: () => Promise<unknown>): Promise<void> {
  let outcome: Json;
  try {
    outcome = { [member]: await call() };
  } catch (error) {
    if (!(error instanceof LinkSkipperError)) throw error;
    outcome = { error: plain(error) };
  }
  new Comparison().check(expect, outcome, "outcome");
}
