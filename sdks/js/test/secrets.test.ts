/** Secrets never show: not when things are printed, not in logs, not in errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type ClientOptions, ConfigurationError, LinkSkipper, LinkSkipperError } from "linkskipper-sdk";

const KEY = "sk_live_VerySecretKey0123456789";
const SECRET = "whsec_VerySecretSecret01234567";

/** Fail with a message that holds the request's headers. */
async function refuse(_: unknown, init?: RequestInit): Promise<Response> {
  throw new TypeError(`cannot send ${new Headers(init?.headers).get("authorization")}`);
}

function clientOf(options: ClientOptions = {}): LinkSkipper {
  return new LinkSkipper({
    apiKey: KEY,
    webhookSecret: SECRET,
    fetch: refuse,
    retry: { maxAttempts: 1 },
    ...options,
  });
}

async function errorOf(call: Promise<unknown>): Promise<LinkSkipperError> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof LinkSkipperError);
    return error;
  }
  return assert.fail("the call succeeded");
}

test("printing a client shows no secret", () => {
  const client = clientOf();
  for (const part of [client, client.webhooks, client.withOptions({ timeoutMs: 1 })]) {
    assert.doesNotMatch(inspect(part, { depth: 9, showHidden: true }), /VerySecret/);
    assert.doesNotMatch(JSON.stringify(part), /VerySecret/);
    assert.doesNotMatch(String(part), /VerySecret/);
    assert.doesNotMatch(JSON.stringify(Object.getOwnPropertyDescriptors(part)), /VerySecret/);
  }
});

test("the key is removed from the message of a fetch", async () => {
  const error = await errorOf(clientOf().account());
  assert.match(error.message, /cannot send Bearer \[secret\]/);
  assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /VerySecret/);
});

test("a wrong option does not show a secret", () => {
  const wrong = [
    { apiKey: `${KEY}\n\nx` },
    { baseUrl: "http://user:VerySecret@x" },
    { baseUrl: "//u:VerySecret@x" },
    { timeoutMs: -1 },
    { colour: 1 },
  ];
  for (const options of wrong) {
    assert.throws(
      () => clientOf(options),
      (error) => error instanceof ConfigurationError && !/VerySecret/.test(inspect(error, { depth: 9 })),
    );
  }
});

test("the log names the request and its result, and no secret", async () => {
  const lines: string[] = [];
  const logger = { debug: (line: string) => lines.push(line) };
  await clientOf({ logger, fetch: async () => Response.json({ balance: 5 }) }).account();
  await errorOf(clientOf({ logger }).account());
  assert.match(lines[0] ?? "", /^GET http:\/\/127\.0\.0\.1:8000\/v1\/account, attempt 1, \d\.\d{3} s: 200$/);
  assert.match(lines[1] ?? "", /NetworkError: .*cannot send/);
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(), /VerySecret/);
});

test("an answer that repeats the key does not bring it into a message", async () => {
  const fetch = async () => Response.json({ code: "invalid_key", detail: `The key ${KEY} is wrong.` }, { status: 401 });
  assert.doesNotMatch((await errorOf(clientOf({ fetch }).account())).message, /VerySecret/);
});

test("the hints of a webhook name what is wrong with a secret without showing it", async () => {
  const error = await errorOf(clientOf().verifyWebhook("{}", "t=1,v1=00", `${SECRET} `, { now: new Date(1000) }));
  assert.match(error.message, /whitespace/);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /VerySecret/);
});
