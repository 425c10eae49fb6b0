// Measure resolveMany against a bare loop with fetch, for bench/sdks.py. Prints a line of JSON.
import { LinkSkipper } from "linkskipper-sdk";

const LINKS = 2000;
const CONCURRENCY = 8;
const ROUNDS = 5;
const WAIT_SECONDS = 12; // the service gives one page at most 15

const tenant = await (await fetch(`${process.env.LINKSKIPPER_SDK_SERVICE}/tenants`, { method: "POST" })).json();
const links = Array.from({ length: LINKS }, (_, number) => tenant.links.fast.replace("{name}", number));
const client = new LinkSkipper({ apiKey: tenant.keys.normal.key, baseUrl: tenant.base_url });

/** Return the links per second of a function that resolves all of them. */
async function rate(resolveAll) {
  const began = performance.now();
  const done = await resolveAll();
  if (done !== LINKS) throw new Error(`${done} links were resolved`);
  return done / ((performance.now() - began) / 1000);
}

async function sdk() {
  let done = 0;
  for await (const { link } of client.resolveMany(links, { concurrency: CONCURRENCY })) done += link ? 1 : 0;
  return done;
}

/** Post and decode with as many loops as the SDK has calls under way. The same requests give the service the same work. */
async function bare() {
  const remaining = links.values();
  const headers = { Authorization: `Bearer ${tenant.keys.normal.key}`, "Content-Type": "application/json" };
  let done = 0;
  const work = async () => {
    for (const url of remaining) {
      const options = { method: "POST", headers, body: JSON.stringify({ url, idempotency_key: crypto.randomUUID() }) };
      const { target_url } = await (await fetch(`${tenant.base_url}/v1/resolve?wait=25`, options)).json();
      done += target_url ? 1 : 0;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return done;
}

/** Return how many calls a wait takes. */
async function callsOfAWait() {
  let calls = 0;
  const counted = client.withOptions({ logger: { debug: () => calls++ } });
  const link = tenant.links.slow.replace("{seconds}", WAIT_SECONDS).replace("{name}", "bench-js");
  await counted.resolveAndWait(link);
  return calls;
}

const rates = { sdk: [], bare: [] };
await rate(sdk);
await rate(bare);
for (let round = 0; round < ROUNDS; round++) {
  rates.sdk.push(await rate(sdk));
  rates.bare.push(await rate(bare));
}
console.log(JSON.stringify({ name: "js", ...rates, calls: await callsOfAWait() }));
