/** Runs of many links: odd sources, slow consumers, aborts. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { ConfigurationError, LinkSkipper, type Links, type Outcome, type ResolveManyOptions } from "linkskipper-sdk";

const CONCURRENCY = 4;

/** Answer as if the link were in the cache. */
async function resolved(_: unknown, init?: RequestInit): Promise<Response> {
  const { url } = JSON.parse(String(init?.body));
  return Response.json({ status: "done", url, target_url: `${url}/target`, provider: "p", tier: "standard" });
}

function run(urls: Links, options: ResolveManyOptions = {}, fetch: typeof globalThis.fetch = resolved) {
  return new LinkSkipper({ apiKey: "sk_live_x", fetch }).resolveMany(urls, { concurrency: CONCURRENCY, ...options });
}

async function collect(outcomes: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const list: Outcome[] = [];
  for await (const outcome of outcomes) list.push(outcome);
  return list;
}

function links(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `https://x/${number}`);
}

async function* slowly(urls: string[]) {
  for (const url of urls) {
    await new Promise((resolve) => setImmediate(resolve));
    yield url;
  }
}

const sources: [string, (urls: string[]) => Links][] = [
  ["a list", (urls) => urls],
  ["a set", (urls) => new Set(urls)],
  ["a generator", (urls) => urls.values()],
  ["an async generator", slowly],
  ["a Node stream", (urls) => Readable.from(urls)],
  ["a web stream", (urls) => Readable.toWeb(Readable.from(urls)) as AsyncIterable<string>],
];

for (const [name, source] of sources) {
  for (const count of [0, 1, CONCURRENCY, 200]) {
    test(`${count} links of ${name} have one outcome each`, async () => {
      const outcomes = await collect(run(source(links(count))));
      const indexes = outcomes.map(({ index }) => index).sort((one, other) => one - other);
      assert.deepEqual(indexes, [...Array(count).keys()]);
      assert(outcomes.every(({ url, link }) => link?.targetUrl === `${url}/target`));
    });
  }
}

test("a source that fails: links in progress give their outcomes, then its error is thrown", async () => {
  function* failing() {
    yield "https://x/1";
    throw new RangeError("no more rows");
  }
  const outcomes: Outcome[] = [];
  const reading = async () => {
    for await (const outcome of run(failing())) outcomes.push(outcome);
  };
  await assert.rejects(reading, new RangeError("no more rows"));
  assert.equal(outcomes[0]?.link?.targetUrl, "https://x/1/target");
});

test("a slow consumer is not run ahead of", async () => {
  let taken = 0;
  function* counted() {
    for (; taken < 1000; taken++) yield `https://x/${taken}`;
  }
  const outcomes = run(counted());
  await outcomes.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert(taken <= 4 * CONCURRENCY, `${taken} links were taken`);
  assert.equal((await collect(outcomes)).length, 999);
});

test("nothing is sent before the first outcome is asked for", async () => {
  let calls = 0;
  run(links(3), {}, async () => {
    calls += 1;
    return Response.error();
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(calls, 0);
});

/** Return a fetch that never answers, and the number of its requests that were aborted. */
function hanging() {
  const seen = { started: 0, aborted: 0 };
  const fetch = (_: unknown, init?: RequestInit) =>
    new Promise<Response>((_, reject) => {
      seen.started += 1;
      init?.signal?.addEventListener("abort", () => {
        seen.aborted += 1;
        reject(init.signal?.reason);
      });
    });
  return { seen, fetch };
}

test("an abort ends the requests under way, and its reason is thrown", async () => {
  const { seen, fetch } = hanging();
  const controller = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(collect(run(links(20), { signal: controller.signal }, fetch)), reason);
  assert.deepEqual(seen, { started: CONCURRENCY, aborted: CONCURRENCY });
});

test("an abort ends a run whose source hangs", async () => {
  async function* hung() {
    yield "https://x/1";
    await new Promise(() => {});
  }
  const controller = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(collect(run(hung(), { signal: controller.signal })), reason);
  await assert.rejects(collect(run(links(3), { signal: controller.signal })), reason);
});

test("leaving the loop closes the source", async () => {
  let closed = false;
  function* source() {
    try {
      for (;;) yield "https://x/1";
    } finally {
      closed = true;
    }
  }
  for await (const _ of run(source())) break;
  assert(closed);
});

test("100 calls at once cause no warning of too many listeners", async () => {
  const warnings: Error[] = [];
  const listener = (warning: Error) => warnings.push(warning);
  process.on("warning", listener);
  const { signal } = new AbortController();
  await collect(run(slowly(links(300)), { concurrency: 100, signal }));
  const client = new LinkSkipper({ apiKey: "sk_live_x", fetch: resolved });
  await Promise.all(links(100).map((url) => client.resolve(url, { signal })));
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("warning", listener);
  assert.deepEqual(warnings, []);
});

test("what is not a list of links is refused at once", () => {
  for (const urls of ["https://x/1", 7, null, undefined, { length: 1 }]) {
    assert.throws(() => run(urls as Links), ConfigurationError);
  }
  for (const options of [{ concurrency: 0 }, { concurrency: 1.5 }, { maxWaitMs: -1 }, { timeoutMs: 0 }, { mood: 1 }]) {
    assert.throws(() => run([], options), ConfigurationError);
  }
});
