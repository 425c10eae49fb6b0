/** Every case about single calls. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LinkSkipper, LinkSkipperError } from "linkskipper-sdk";
import { Comparison, checkSleeps, type Json, load } from "./support/cases.js";
import { className, errorClass, invoke, plain, toOptions } from "./support/neutral.js";
import { ScriptedServer, type SeenRequest, VirtualClock } from "./support/virtual.js";

const FILES = ["requests", "results", "problems", "retry", "wait"];
const ran = new Set<string>();

for (const file of FILES) {
  const { cases, randoms = [0.5] } = load(file);
  for (const given of cases) {
    test(`${file}: ${given.name}`, async () => {
      for (const random of randoms) await play(given, random);
      ran.add(`${file}: ${given.name}`);
    });
  }
}

after(() => {
  const expected = FILES.map((file) => load(file).cases.length).reduce((sum, count) => sum + count);
  assert.equal(ran.size, expected, "every case ran");
});

test("each error class has the parent that the cases say", () => {
  for (const [name, parent] of Object.entries<string | null>(load("problems").tree)) {
    const kind = errorClass(name);
    assert.equal(className(kind), name);
    assert.equal(Object.getPrototypeOf(kind), parent === null ? Error : errorClass(parent));
  }
});

/** Play a case: make the client and the call, and compare. */
async function play(given: Json, random: number): Promise<void> {
  setEnvironment(given.env);
  const clock = new VirtualClock();
  const answers = [...given.answers];
  const server = new ScriptedServer(clock, ({ method, path }) => {
    assert(answers.length, `no answer is left for ${method} ${path}`);
    return answers.shift();
  });
  let result: Json;
  let error: Json;
  try {
    result = plain(await clock.run(call(given, server, clock, random)));
  } catch (thrown) {
    if (!(thrown instanceof LinkSkipperError)) throw thrown;
    error = plain(thrown);
  }
  compare(given.expect, { result, error }, server.requests, clock);
  assert.deepEqual(answers, [], "answers that no attempt used");
}

async function call(given: Json, { fetch }: ScriptedServer, clock: VirtualClock, random: number): Promise<unknown> {
  const options = { api_key: "sk_live_conformance", base_url: "http://127.0.0.1:8000", ...given.client };
  const seams = { fetch, clock, sleeper: clock.sleep, random: () => random };
  const pending = invoke(new LinkSkipper({ ...toOptions(options), ...seams }), given.call);
  if (Symbol.asyncIterator in pending) return { items: await collect(pending) };
  const result = await pending;
  return Array.isArray(result) ? { items: result } : result;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function setEnvironment(variables: Record<string, string> = {}): void {
  for (const name of ["API_KEY", "BASE_URL", "WEBHOOK_SECRET"]) delete process.env[`LINKSKIPPER_${name}`];
  Object.assign(process.env, variables);
}

function compare(expect: Json, { result, error }: Json, requests: SeenRequest[], clock: VirtualClock): void {
  const comparison = new Comparison();
  if ("error" in expect) {
    assert(error, `returned ${JSON.stringify(result)}`);
    comparison.check(expect.error, error, "error");
  } else {
    assert.equal(error, undefined, `threw ${error?.class}: ${error?.message}`);
  }
  if ("result" in expect) comparison.check(expect.result, result, "result");
  if ("requests" in expect) compareRequests(comparison, expect.requests, requests);
  if ("sleeps" in expect) checkSleeps(expect.sleeps, clock.sleeps);
  if ("elapsed" in expect) comparison.check(expect.elapsed, clock.elapsed / 1000, "elapsed");
}

function compareRequests(comparison: Comparison, expected: Json[], requests: SeenRequest[]): void {
  assert.equal(requests.length, expected.length, JSON.stringify(requests));
  expected.forEach(({ path, headers = {}, query, ...rest }, index) => {
    const request = requests[index] as SeenRequest;
    const where = `requests[${index}]`;
    assert.equal(request.path.toUpperCase(), path.toUpperCase());
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    comparison.check(Object.fromEntries(lower), request.headers, `${where}.headers`);
    if (query) assert.deepEqual(Object.keys(request.query).sort(), Object.keys(query).sort(), `${where}.query`);
    comparison.check(query ?? {}, request.query, `${where}.query`);
    comparison.check(rest, request, where);
  });
}
