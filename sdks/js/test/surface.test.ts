/** What the package exports, its options, and how two copies of it get along. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as sdk from "linkskipper-sdk";
import * as webhooks from "linkskipper-sdk/webhooks";

const PROJECT = new URL("../", import.meta.url);
const exported: Record<string, unknown> = { ...sdk };
const cjs: typeof sdk = createRequire(import.meta.url)("linkskipper-sdk");

const { ConfigurationError, LinkSkipper, LinkSkipperError, RateLimitedError } = sdk;

function client(options: sdk.ClientOptions = {}): sdk.LinkSkipper {
  const fetch = async (_: unknown, init?: RequestInit) => Response.json(init?.headers);
  return new LinkSkipper({ apiKey: "sk_live_x", fetch, ...options });
}

test("both builds export the same names", () => {
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(sdk).sort());
  assert.notEqual(cjs.LinkSkipper, LinkSkipper, "they are two copies");
});

test("the webhooks entry exports what the main entry does", () => {
  for (const [name, value] of Object.entries(webhooks)) assert.equal(exported[name], value);
});

test("instanceof knows the errors of the other copy, and tells the classes apart", async () => {
  const limited = { status: 429, headers: { "retry-after": "61" } };
  const options = { apiKey: "sk_live_x", fetch: async () => Response.json({ code: "rate_limited" }, limited) };
  for (const copy of [sdk, cjs]) {
    const error = await new copy.LinkSkipper(options).account().catch((thrown: unknown) => thrown);
    for (const other of [sdk, cjs]) {
      assert(error instanceof other.RateLimitedError);
      assert(error instanceof other.ApiError);
      assert(error instanceof other.LinkSkipperError);
      assert(error instanceof Error);
      assert(!(error instanceof other.QuotaExceededError));
      assert(!(error instanceof other.NetworkError));
    }
  }
});

test("instanceof works for classes of the user's own and for what is not an error", () => {
  class Own extends ConfigurationError {}
  assert(new Own("x") instanceof Own);
  assert(new Own("x") instanceof ConfigurationError);
  assert(!(new ConfigurationError("x") instanceof Own));
  for (const value of [null, undefined, 7, "x", {}, new Error("x")])
    assert(!((value as object) instanceof LinkSkipperError));
});

test("errors carry their names", () => {
  const names = Object.keys(sdk).filter((name) => name.endsWith("Error"));
  assert(names.length > 20);
  for (const name of names) {
    const kind = exported[name] as typeof LinkSkipperError;
    assert.equal(kind.prototype.name, name);
    assert(!Object.keys(kind.prototype).length);
  }
  assert.equal(String(new ConfigurationError("x")), "ConfigurationError: x");
  assert(RateLimitedError.prototype.isRetryable);
});

test("one version for all SDKs", () => {
  const version = readFileSync(new URL("../VERSION", PROJECT), "utf8").trim();
  const read = (name: string) => readFileSync(new URL(name, PROJECT), "utf8");
  assert.equal(sdk.VERSION, version);
  assert.equal(JSON.parse(read("package.json")).version, version);
  assert.equal(JSON.parse(read("package-lock.json")).version, version);
  assert(read("CHANGELOG.md").includes(`## [${version}]`));
});

test("a clone has its own options and keeps the others", async () => {
  const first = client({ headers: { "x-one": "1" } });
  const clone = first.withOptions({ headers: { "x-two": "2" } });
  const sent = (await clone.request("GET", "/v1/x")).json as Record<string, string>;
  assert.equal(sent["x-two"], "2");
  assert.equal(sent["x-one"], undefined);
  assert.equal(sent.authorization, "Bearer sk_live_x");
  const same = (await first.request("GET", "/v1/x")).json as Record<string, string>;
  assert.equal(same["x-one"], "1");
});

test("misspelt options are refused", async () => {
  const given = { timeot: 3 } as object;
  assert.throws(() => client(given), /timeot/);
  assert.throws(() => client({ retry: given }), /timeot/);
  assert.throws(() => client({ retry: { maxDelayMs: -1 } }), /maxDelayMs/);
  const one = client();
  await assert.rejects(one.account(given), ConfigurationError);
  await assert.rejects(one.resolve("https://x", given), ConfigurationError);
  await assert.rejects(one.resolveAndWait("https://x", given), ConfigurationError);
  await assert.rejects(one.getJob("x", given), ConfigurationError);
  assert.throws(() => one.resolveMany([], given), ConfigurationError);
  assert.throws(() => one.jobs(given), ConfigurationError);
});

test("arguments of wrong types are refused", async () => {
  const one = client();
  for (const url of [7, null, undefined, {}] as unknown as string[]) {
    await assert.rejects(one.resolve(url), ConfigurationError);
    await assert.rejects(one.resolveAndWait(url), ConfigurationError);
    await assert.rejects(one.getJob(url), ConfigurationError);
    await assert.rejects(one.webhooks.redeliver(url), ConfigurationError);
  }
  for (const id of ["", ".", ".."]) await assert.rejects(one.getJob(id), ConfigurationError);
  for (const path of ["x", "//other.example/x", "/\\other.example", "/x?y", "/x#y", ""]) {
    await assert.rejects(one.request("GET", path), ConfigurationError);
  }
});

test("closing ends the calls under way and refuses further ones", async () => {
  const hung = client({ fetch: () => new Promise(() => {}) });
  const waiting = [hung.account(), hung.resolveMany(["https://x"]).next()];
  await hung[Symbol.asyncDispose]();
  for (const call of [...waiting, hung.account()]) await assert.rejects(call, ConfigurationError);
});

test("what belongs to the answer is neither printed nor written as JSON", async () => {
  const account = await client({ fetch: async () => Response.json({ balance: 5, mood: "good" }) }).account();
  assert.deepEqual(JSON.parse(JSON.stringify(account)), {
    balance: 5,
    telegramId: null,
    subscriptionUntil: null,
    providers: [],
  });
  assert.deepEqual([account.raw.mood, account.meta.status], ["good", 200]);
});

test("the global fetch is looked up at each call", async () => {
  const { fetch } = globalThis;
  const one = new LinkSkipper({ apiKey: "sk_live_x" });
  try {
    globalThis.fetch = async () => Response.json({ balance: 41 });
    assert.equal((await one.account()).balance, 41);
  } finally {
    globalThis.fetch = fetch;
  }
});

test("waits do not depend on the wall clock, which people and servers change", async () => {
  let elapsed = 0;
  let jumps = 0;
  const clock: sdk.Clock = {
    now: () => 86_400_000 * (jumps++ % 2 ? -jumps : jumps),
    monotonic: () => elapsed,
    setTimer: () => () => {},
  };
  const fetch = async () => {
    elapsed += 20_000;
    return Response.json({ job_id: "job", status: elapsed > 20_000 ? "running" : "queued" });
  };
  const sleeper = async (ms: number) => {
    elapsed += ms;
  };
  const call = client({ fetch, clock, sleeper, longPollMs: 20_000 }).resolveAndWait("https://x", { maxWaitMs: 60_000 });
  const error: sdk.TimeoutError = await call.then(
    () => assert.fail(),
    (thrown) => thrown,
  );
  assert(error instanceof sdk.TimeoutError);
  assert.equal(error.waitedMs, 60_000);
});
