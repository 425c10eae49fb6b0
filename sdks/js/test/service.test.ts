/** The scenarios of sdks/conformance/README.md against a real service. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  ForbiddenScopeError,
  InvalidKeyError,
  JobFailedError,
  LinkRemovedError,
  type LinkSkipper,
  type LinkSkipperError,
  type Outcome,
  OutOfCreditsError,
  ProviderDownError,
  QuotaExceededError,
  RateLimitedError,
  UnsupportedLinkError,
  verifyWebhook,
  WebhookVerificationError,
} from "linkskipper-sdk";
import { Tenant } from "./support/tenant.js";

const AT_ONCE = { maxRetryAfterMs: 0 };
const BULK = 500;

let tenant: Tenant;
let client: LinkSkipper;

before(async () => {
  tenant = await Tenant.create();
  client = tenant.client();
});

after(() => tenant.stop());

/** Return the error of a call, and assert its class. */
async function errorOf<E extends LinkSkipperError>(
  kind: new (...given: never[]) => E,
  call: Promise<unknown>,
): Promise<E> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof kind, String(error));
    return error;
  }
  return assert.fail(`no ${kind.name}`);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await pause(50);
  }
  assert.fail("the condition did not come true");
}

test("cached: the second time a link comes from the cache, free", async () => {
  const first = await client.resolveAndWait(tenant.link("fast", "cached"));
  const second = await client.resolve(tenant.link("fast", "cached"));
  assert(second.status === "done");
  assert.equal(first.targetUrl, tenant.link("fast_target", "cached"));
  assert.equal(second.targetUrl, first.targetUrl);
  assert.deepEqual([first.cached, first.creditsCharged], [false, 1]);
  assert.deepEqual([second.cached, second.creditsCharged, second.jobId], [true, 0, null]);
  assert(second.meta.requestId);
  assert(second.meta.rateLimit.minute);
});

test("queued: a queued job is waited for, and has a trace", async () => {
  const queued = await client.resolve(tenant.link("slow", "queued", 1));
  assert(queued.status === "queued");
  assert.equal((await client.waitForJob(queued.jobId)).targetUrl, tenant.link("slow_target", "queued"));
  const job = await client.getJob(queued.jobId, { trace: true });
  assert.deepEqual([job.status, job.reason], ["done", null]);
  assert(job.trace?.length);
});

test("failed_with_reason: a failed job says why, and which way it went", async () => {
  const error = await errorOf(JobFailedError, client.resolveAndWait(tenant.link("captcha")));
  assert.deepEqual([error.reason, error.stopReason], ["resolve_failed", "captcha_required"]);
  assert(error.trace?.length);
  assert(error.jobId);
});

test("out_of_credits: an account without credits is told its balance", async () => {
  const call = tenant.client("poor").resolveAndWait(tenant.link("fast", "poor"));
  assert.equal((await errorOf(OutOfCreditsError, call)).balance, 0);
});

test("forbidden_scope: a key without the scope may read all the same", async () => {
  const reader = tenant.client("no_scope");
  await errorOf(ForbiddenScopeError, reader.resolve(tenant.link("fast", "forbidden")));
  assert((await reader.account()).balance > 0);
});

test("invalid_key: a revoked key is refused, with the request's id", async () => {
  assert((await errorOf(InvalidKeyError, tenant.client("revoked").account())).requestId);
});

test("removed: a removed link is known as such", async () => {
  await errorOf(LinkRemovedError, client.resolveAndWait(tenant.link("removed")));
});

test("unsupported: a link of nobody is refused, and has no provider", async () => {
  await errorOf(UnsupportedLinkError, client.resolveAndWait(tenant.link("unsupported")));
  assert.equal(await client.providerFor(tenant.link("unsupported")), null);
  assert.equal((await client.providerFor(tenant.link("captcha")))?.provider, "lab-gate");
});

test("rate_limited: the fourth call of three a minute is refused at once where no waiting is wanted", async () => {
  const limited = tenant.client("limited", { retry: AT_ONCE });
  for (let call = 0; call < 3; call++) await limited.account();
  const error = await errorOf(RateLimitedError, limited.account());
  assert(error.retryAfter && error.retryAfter >= 1 && error.retryAfter <= 60);
  assert.equal(error.meta.rateLimit.minute?.remaining, 0);
});

test("quota_exceeded: the third link of two a day is refused at once", async () => {
  const quota = tenant.client("quota");
  for (const number of [0, 1]) await quota.resolveAndWait(tenant.link("fast", `quota-${number}`));
  const began = performance.now();
  await errorOf(QuotaExceededError, quota.resolveAndWait(tenant.link("fast", "quota-2")));
  assert(performance.now() - began < 30_000);
});

test("provider_off: a link of a provider that is switched off is refused at once", async () => {
  const call = client.resolveAndWait(tenant.link("switched_off"), { retry: AT_ONCE });
  assert((await errorOf(ProviderDownError, call)).retryAfter);
});

test("held_long_poll: a link of 3 s takes one call", async () => {
  const lines: string[] = [];
  const logged = client.withOptions({ logger: { debug: (line) => lines.push(line) } });
  const link = await logged.resolveAndWait(tenant.link("slow", "held", 3));
  assert.equal(link.targetUrl, tenant.link("slow_target", "held"));
  assert.equal(lines.length, 1);
});

test("connection_cut: a wait survives a cut connection, and the account pays once", async () => {
  const cut = tenant.client("normal", { baseUrl: tenant.facts.proxy_url });
  const options = { idempotencyKey: tenant.facts.token };
  const waiting = cut.resolveAndWait(tenant.link("slow", "cut", 3), options);
  await pause(1000);
  assert((await tenant.tell("POST", "/cut")).cut >= 1);
  const link = await waiting;
  assert.deepEqual([link.targetUrl, link.creditsCharged], [tenant.link("slow_target", "cut"), 1]);
});

test("jobs: the jobs of the key are listed over several pages, newest first", async () => {
  const links = [0, 1, 2, 3, 4].map((number) => tenant.link("fast", `jobs-${number}`));
  for (const link of links) await client.resolveAndWait(link);
  const listed: (string | null)[] = [];
  for await (const job of client.jobs({ pageSize: 2 })) {
    if (listed.push(job.url) === links.length) break;
  }
  assert.deepEqual(listed, links.reverse());
});

test("service_restarted: a wait survives a restart of the service", async () => {
  const waiting = client.resolveAndWait(tenant.link("slow", "restart", 4));
  await pause(1000);
  await tenant.tell("POST", "/restart");
  assert.equal((await waiting).targetUrl, tenant.link("slow_target", "restart"));
});

test("webhook, redelivery: a webhook arrives, is verified, listed, and sent again with the same id", async () => {
  const url: string = tenant.facts.webhook_url;
  const { pathname: path } = new URL(url);
  const secret = tenant.facts.keys.normal.webhook_secret;
  const link = await client.resolveAndWait(tenant.link("fast", "webhook"), { webhookUrl: url });
  const { webhooks } = await tenant.tell("GET", "/webhooks", { path });
  const event = await verifyWebhook(webhooks[0].body, webhooks[0].headers, secret);
  assert.deepEqual([event.jobId, event.targetUrl, event.isDone], [link.jobId, link.targetUrl, true]);
  const wrong = tenant.facts.keys.bulk.webhook_secret;
  await errorOf(WebhookVerificationError, verifyWebhook(webhooks[0].body, webhooks[0].headers, wrong));

  const id = event.webhookId as string;
  for await (const delivery of client.webhooks.deliveries()) {
    if (delivery.id !== id) continue;
    assert.deepEqual([delivery.url, delivery.jobId], [url, link.jobId]);
    break;
  }
  assert.equal((await client.webhooks.delivery(id)).payload.targetUrl, link.targetUrl);
  // The service records the attempt after the receiver has it.
  await until(async () => (await client.webhooks.delivery(id)).delivery.status === "delivered");
  assert.equal((await client.webhooks.redeliver(id)).id, id);
  const again = (await tenant.tell("GET", "/webhooks", { path, count: 2 })).webhooks[1];
  assert.equal((await verifyWebhook(again.body, again.headers, secret)).webhookId, id);
  assert((await client.webhooks.delivery(id)).attempts.length);
});

test("bulk_under_a_limit: all of 500 links are resolved although the limit was used up at first", async () => {
  const fast = Array.from({ length: BULK - 1 }, (_, index) => tenant.link("fast", `bulk-${index + 1}`));
  // The slow link is under way when the limit is raised, and its answer tells the run that it may go on.
  const links = [tenant.link("slow", "bulk-0", 8), ...fast];
  const outcomes: Outcome[] = [];
  for await (const outcome of tenant.client("bulk").resolveMany(links, { batch: "scenario" })) {
    const raise = { key_id: tenant.facts.keys.bulk.id, rate_limit: 100_000 };
    if (outcomes.push(outcome) === 1) await tenant.tell("POST", "/limit", raise);
  }
  const targets = outcomes.sort((one, other) => one.index - other.index).map(({ link }) => link?.targetUrl);
  const expected = fast.map((_, index) => tenant.link("fast_target", `bulk-${index + 1}`));
  assert.deepEqual(targets, [tenant.link("slow_target", "bulk-0"), ...expected]);
});

test("a run that is left early sends no further link", async () => {
  let taken = 0;
  function* links() {
    for (; taken < 1000; taken++) yield tenant.link("fast", `left-${taken}`);
  }
  for await (const _ of client.resolveMany(links(), { concurrency: 4 })) break;
  assert(taken <= 16, `${taken} links were taken`);
});

test("aborting a wait ends it at once, with the reason of the signal", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 300);
  const began = performance.now();
  const call = client.resolveAndWait(tenant.link("slow", "aborted", 9), { signal: controller.signal });
  await assert.rejects(call, reason);
  assert(performance.now() - began < 5000);
});
