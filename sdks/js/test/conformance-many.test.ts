/** Every case about many links: attempts overlap on a virtual clock. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LinkSkipper, LinkSkipperError, type Outcome } from "linkskipper-sdk";
import { Comparison, type Json, load } from "./support/cases.js";
import { invoke, plain, toOptions } from "./support/neutral.js";
import { ScriptedServer, type SeenRequest, VirtualClock } from "./support/virtual.js";

const { cases } = load("many");
let ran = 0;

for (const given of cases) {
  test(given.name, async () => {
    await play(given);
    ran += 1;
  });
}

after(() => assert.equal(ran, load("many").cases.length, "every case ran"));

async function play(given: Json): Promise<void> {
  const clock = new VirtualClock();
  const script: Record<string, Json[]> = structuredClone(given.script);
  const server = new ScriptedServer(clock, (request) => {
    const answer = script[targetOf(request)]?.shift();
    assert(answer, `no answer is left for ${targetOf(request)}`);
    return answer;
  });
  const options = { api_key: "sk_live_conformance", base_url: "http://127.0.0.1:8000", ...given.client };
  const seams = { fetch: server.fetch, clock, random: () => 0.5 };
  const outcomes: Outcome[] = [];
  const client = new LinkSkipper({ ...toOptions(options), ...seams });
  const error = await clock.run(collect(() => invoke(client, given.call), outcomes));
  compare(given.expect, server, clock, plain(outcomes), error);
}

/** Collect the outcomes, and return the error of the run. */
async function collect(start: () => AsyncIterable<Outcome>, outcomes: Outcome[]): Promise<Json> {
  try {
    for await (const outcome of start()) outcomes.push(outcome);
  } catch (error) {
    if (!(error instanceof LinkSkipperError)) throw error;
    return plain(error);
  }
}

function compare(expect: Json, server: ScriptedServer, clock: VirtualClock, outcomes: Json[], error: Json): void {
  const comparison = new Comparison();
  if (expect.error) comparison.check(expect.error, error, "error");
  else assert.equal(error, undefined);
  const order = outcomes.map(({ index }) => index);
  if (expect.order) assert.deepEqual(order, expect.order);
  outcomes.sort((one, other) => one.index - other.index);
  comparison.check(expect.outcomes, outcomes, "outcomes");
  compareCalls(expect, server.requests);
  if ("max_in_flight" in expect) assert.equal(server.maxInFlight, expect.max_in_flight);
  for (const [low, high] of expect.quiet ?? []) {
    const noisy = server.requests.filter(({ at }) => low <= at && at <= high);
    assert.deepEqual(noisy, []);
  }
  if ("elapsed" in expect) comparison.check(expect.elapsed, clock.elapsed / 1000, "elapsed");
  const posts = server.requests.filter(({ method }) => method === "POST");
  const keys = Object.fromEntries(posts.map(({ json }) => [json.url, json.idempotency_key]));
  comparison.check(expect.keys ?? {}, keys, "keys");
  if ("distinct_keys" in expect) assert.equal(new Set(Object.values(keys)).size, expect.distinct_keys);
}

function compareCalls({ calls, error }: Json, requests: SeenRequest[]): void {
  const actual: Record<string, number> = {};
  for (const target of requests.map(targetOf)) actual[target] = (actual[target] ?? 0) + 1;
  for (const [target, count] of Object.entries(calls ?? {})) assert.equal(actual[target] ?? 0, count, target);
  if (calls && (error || !Object.keys(calls).length)) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(calls).sort());
  }
}

function targetOf({ method, json, path }: SeenRequest): string {
  return method === "POST" ? json.url : path;
}
