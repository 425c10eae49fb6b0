/** Arguments and headers of wrong types end in an error of this package, and long headers cost little. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigurationError, LinkSkipper, signWebhook, verifyWebhook, WebhookVerificationError } from "linkskipper-sdk";

const SECRET = "whsec_8tWfKx0LqZc3vBn5RmYd7sJhGpE2uXiA";
const BODY = '{"event":"resolve.done","job_id":"019bb7a4","status":"done"}';

const client = new LinkSkipper({ apiKey: "sk_live_x", fetch: () => assert.fail("a request was sent") });
const circle: unknown[] = [];
circle.push(circle);

const wrongCalls: Record<string, () => unknown> = {
  "a method": () => client.request(7 as unknown as string, "/v1/account"),
  "a path with a blank": () => client.request("GET", "/v1 /account"),
  "a body in a circle": () => client.request("POST", "/x", { body: circle }),
  "a body that JSON cannot write": () => client.request("POST", "/x", { body: 1n }),
  "an empty secret to sign with": () => signWebhook(BODY, ""),
  "a secret that is a number": () => verifyWebhook(BODY, "t=1,v1=00", 7 as unknown as string),
  "a body that is a string object": () => verifyWebhook(new String(BODY) as string, `t=${seconds()},v1=00`, SECRET),
};

for (const [name, call] of Object.entries(wrongCalls)) {
  test(`${name} is refused`, async () => {
    await assert.rejects(async () => call(), ConfigurationError);
  });
}

test("the address may be a URL", async () => {
  const fetch = async (url: unknown) => Response.json({ balance: 1, url });
  const baseUrl = new URL("https://links.example.com/tools/") as unknown as string;
  const { raw } = await new LinkSkipper({ apiKey: "sk_live_x", baseUrl, fetch }).account();
  assert.equal(raw.url, "https://links.example.com/tools/v1/account");
});

for (const headers of [
  null,
  7,
  [],
  [null],
  ["X-LinkSkipper-Signature", "t=1"],
  new Set([1]),
  Buffer.from("t=1,v1=00"),
]) {
  test(`headers of an odd shape have no signature: ${String(headers)}`, async () => {
    const call = verifyWebhook(BODY, headers as unknown as string, SECRET);
    await assert.rejects(call, { name: "WebhookVerificationError", code: "missing_header" });
  });
}

test("a header of many signatures costs one HMAC for each secret", async (context) => {
  const sign = context.mock.method(crypto.subtle, "sign");
  const verify = context.mock.method(crypto.subtle, "verify");
  const header = `t=${seconds()},${"v1=00,".repeat(2000)}`;
  await assert.rejects(verifyWebhook(BODY, header, [SECRET, "whsec_other"]), WebhookVerificationError);
  assert.equal(sign.mock.callCount() + verify.mock.callCount(), 2);
});

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
