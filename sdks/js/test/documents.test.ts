/** The README, the guide and the examples run as they stand against a real service. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { signWebhook } from "linkskipper-sdk";
import { Tenant } from "./support/tenant.js";

const PROJECT = new URL("../", import.meta.url);
const EXAMPLES = new URL("examples/", PROJECT);
const SECRET = "whsec_8tWfKx0LqZc3vBn5RmYd7sJhGpE2uXiA";
const EVENT = '{"event":"resolve.done","job_id":"019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e","status":"done"}';

let tenant: Tenant;
let folder: string;

before(async () => {
  tenant = await Tenant.create();
  folder = await mkdtemp(fileURLToPath(new URL("build/documents-", PROJECT))); // within the package, which it imports
});

after(async () => {
  tenant.stop();
  await rm(folder, { recursive: true });
});

/** Run a script as a user would, and return what it prints. */
async function run(script: string | URL, ...given: string[]): Promise<string> {
  const path = typeof script === "string" ? script : fileURLToPath(script);
  const environment = { env: tenant.environment() };
  const { stdout } = await promisify(execFile)(process.execPath, ["--throw-deprecation", path, ...given], environment);
  return stdout;
}

/** Run all JavaScript of a document from its first line to its last. */
async function runDocument(page: URL): Promise<string> {
  const blocks = [...(await readFile(page, "utf8")).matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  assert(blocks.length >= 3);
  const script = `${folder}/document.mjs`;
  await writeFile(script, blocks.join("\n"));
  return run(script);
}

test("the README prints what it says", async () => {
  const output = await runDocument(new URL("README.md", PROJECT));
  assert(output.startsWith("https://example.com/status/301\n"));
  assert.equal(output.match(/leads to https:\/\/example\.com\/landing\//g)?.length, 100);
  for (const text of ["resolve_failed captcha_required", "\nTimeoutError\n", "\n204\n"])
    assert(output.includes(text), output);
});

test("the guide prints what it says", async () => {
  const output = await runDocument(new URL("../../docs/guides/sdk-javascript.md", PROJECT));
  assert.equal(output, "https://example.com/slow/guide-js 1\n");
});

test("the links of the README lead to files", async () => {
  const links = (await readFile(new URL("README.md", PROJECT), "utf8")).matchAll(/\]\((?!https?:\/\/)([^)#]+)/g);
  const paths = [...links].map(([, path]) => path as string);
  assert(paths.length);
  assert.deepEqual(
    paths.filter((path) => !existsSync(new URL(path, PROJECT))),
    [],
  );
});

test("first-link.mjs prints the target", async () => {
  assert.equal(await run(new URL("first-link.mjs", EXAMPLES)), "https://example.com/status/301\n");
});

test("many-from-csv.mjs writes a row per link, and pays nothing for a second run", async () => {
  const [source, target] = [`${folder}/${tenant.facts.token}.csv`, `${folder}/resolved.csv`];
  const links = Array.from({ length: 20 }, (_, number) => tenant.link("fast", `csv-js-${number}`));
  const rows = [...links, tenant.link("unsupported")].map((link) => `x,${link}`);
  await writeFile(source, `note,url\n${rows.join("\n")}\n`);
  const balances: number[] = [];
  for (let count = 0; count < 2; count++) {
    await run(new URL("many-from-csv.mjs", EXAMPLES), source, target);
    balances.push((await tenant.client().account()).balance);
    const written: Record<string, string>[] = parse(await readFile(target, "utf8"), { columns: true });
    written.sort((one, other) => Number(one.line) - Number(other.line));
    const targets = links.map((_, number) => tenant.link("fast_target", `csv-js-${number}`));
    assert.deepEqual(
      written.map((row) => row.target_url),
      [...targets, ""],
    );
    assert.match(written[20]?.error ?? "", /unsupported_link/);
  }
  assert.equal(balances[0], balances[1]);
});

/** Send a webhook to a receiver: twice as it is, tampered, and without a signature. */
async function statuses(send: (body: string, headers: Record<string, string>) => Promise<Response>): Promise<number[]> {
  const headers = { "X-LinkSkipper-Signature": await signWebhook(EVENT, SECRET), "webhook-id": "1" };
  const json = { "Content-Type": "application/json" };
  const calls = [send(EVENT, { ...json, ...headers }), send(EVENT, { ...json, ...headers })];
  calls.push(send(`${EVENT} `, { ...json, ...headers }), send(EVENT, json));
  return (await Promise.all(calls)).map(({ status }) => status);
}

test("receiver-express.mjs takes a signed event and refuses a wrong one", async () => {
  const env = { ...process.env, LINKSKIPPER_WEBHOOK_SECRET: SECRET, PORT: "0" };
  const receiver = spawn(process.execPath, [fileURLToPath(new URL("receiver-express.mjs", EXAMPLES))], { env });
  try {
    const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
    const url = `http://127.0.0.1:${(await lines.next()).value.split(" ")[1]}/hooks/linkskipper`;
    assert.deepEqual(
      await statuses((body, headers) => fetch(url, { method: "POST", body, headers })),
      [204, 204, 400, 400],
    );
    assert.match((await lines.next()).value, /^Job 019bb7a4/);
  } finally {
    receiver.kill();
  }
});

test("receiver-hono.mjs takes a signed event and refuses a wrong one", async () => {
  const { default: app } = await import(new URL("receiver-hono.mjs", EXAMPLES).href);
  const bindings = { LINKSKIPPER_WEBHOOK_SECRET: SECRET };
  const send = (body: string, headers: Record<string, string>) =>
    app.request("/hooks/linkskipper", { method: "POST", body, headers }, bindings);
  assert.deepEqual(await statuses(send), [204, 204, 400, 400]);
});
