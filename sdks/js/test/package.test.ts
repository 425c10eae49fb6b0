/** The packed tarball is valid, small, and works in projects that have nothing else. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Tenant } from "./support/tenant.js";

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
const BIN = `${PROJECT}node_modules/.bin`;
const execute = promisify(execFile);

const USE = `
const client = new LinkSkipper();
const urls = Array.from({ length: 3 }, () => "https://redirect.lab.test/301");
async function main() {
  const link = await client.resolveAndWait(urls[0]);
  let count = 0;
  for await (const outcome of client.resolveMany(urls)) count += outcome.link ? 1 : 0;
  console.log(link.targetUrl, count, typeof verifyWebhook);
}
main();
`;

let tenant: Tenant;
let folder: string;
let tarball: string;
let files: string[];

before(async () => {
  tenant = await Tenant.create();
  folder = await mkdtemp(`${tmpdir()}/linkskipper-sdk-`);
  const { stdout } = await execute("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: PROJECT,
  });
  const [packed] = Object.values(JSON.parse(stdout)) as { filename: string; files: { path: string }[] }[];
  assert(packed);
  tarball = `${folder}/${packed.filename}`;
  files = packed.files.map(({ path }) => path);
  await writeFile(`${folder}/package.json`, "{}");
  await execute("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: folder });
});

after(async () => {
  tenant.stop();
  await rm(folder, { recursive: true });
});

test("the tarball has the builds, the types and the documents, and nothing else", () => {
  const needed =
    "README.md CHANGELOG.md LICENSE package.json dist/esm/index.js dist/cjs/index.js dist/cjs/webhooks.d.ts";
  for (const name of needed.split(" ")) assert(files.includes(name), name);
  const others = files.filter((name) => !/^dist\/(esm|cjs)\/[\w/.-]+\.(js|d\.ts)$/.test(name));
  assert.deepEqual(others.sort(), ["CHANGELOG.md", "LICENSE", "README.md", "dist/cjs/package.json", "package.json"]);
});

/** The limits of what a program loads: bundled, minified and gzipped. And the limit of the tarball. */
const LIMITS = { index: 10_400, webhooks: 2400, tarball: 45_000 };

for (const entry of ["index", "webhooks"] as const) {
  test(`the entry ${entry} stays small`, async () => {
    const entryPoints = [`${PROJECT}dist/esm/${entry}.js`];
    const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: "esm", write: false });
    const size = gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
    assert(size < LIMITS[entry], `${size} bytes`);
  });
}

test("the tarball stays small", async () => {
  const { length } = await readFile(tarball);
  assert(length < LIMITS.tarball, `${length} bytes`);
});

test("the package has no dependencies", async () => {
  const manifest = JSON.parse(await readFile(`${folder}/node_modules/linkskipper-sdk/package.json`, "utf8"));
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined]);
});

test("publint finds nothing", async () => {
  const { stdout } = await execute(`${BIN}/publint`, ["--strict", tarball], { cwd: PROJECT });
  assert.match(stdout, /All good/);
});

test("the types are right for every way to import the package", async () => {
  await execute(`${BIN}/attw`, [tarball, "--profile", "node16"]); // exits with 1 where it finds a problem
});

const modules = {
  "consumer.mjs": `import { LinkSkipper } from "linkskipper-sdk";
import { verifyWebhook } from "linkskipper-sdk/webhooks";`,
  "consumer.cjs": `const { LinkSkipper } = require("linkskipper-sdk");
const { verifyWebhook } = require("linkskipper-sdk/webhooks");`,
};

for (const [name, imports] of Object.entries(modules)) {
  test(`${name} resolves links`, async () => {
    await writeFile(`${folder}/${name}`, imports + USE);
    const { stdout } = await execute(process.execPath, [name], { cwd: folder, env: tenant.environment() });
    assert.equal(stdout, "https://example.com/status/301 3 function\n");
  });
}

/** Compile a consumer, and return what the compiler says. */
async function compile(name: string, code: string, ...options: string[]): Promise<string> {
  await writeFile(`${folder}/${name}`, code);
  const strict = "--noEmit --strict --exactOptionalPropertyTypes --target ES2022 --skipLibCheck false --types node";
  const result = execute(`${BIN}/tsc`, [...strict.split(" "), ...options, name], { cwd: folder });
  return (await result.catch((error: { stdout: string }) => error)).stdout;
}

const TYPED = `
const client = new LinkSkipper({ apiKey: undefined, retry: { maxAttempts: 2 } });
export async function use(): Promise<string> {
  const result = await client.resolve("https://tinyurl.com/x", { signal: undefined });
  if (result.status === "queued") return result.jobId;
  const tier: "standard" | "premium" | (string & {}) = result.tier;
  for await (const outcome of client.resolveMany(["x"])) {
    if (outcome.error) throw outcome.error;
    else tier.concat(outcome.link.targetUrl);
  }
  const event = await verifyWebhook(new ArrayBuffer(0), new Headers());
  const error: unknown = new TimeoutError("x", 1, null);
  if (error instanceof OutOfCreditsError) return String(error.balance);
  return event.createdAt?.toISOString() ?? result.targetUrl;
}
`;
const IMPORTS = 'import { LinkSkipper, OutOfCreditsError, TimeoutError, verifyWebhook } from "linkskipper-sdk";';

test("TypeScript finds the types, and a misuse of them", async () => {
  await symlink(`${PROJECT}node_modules/@types`, `${folder}/node_modules/@types`);
  const node = ["--module", "node16"];
  assert.equal(await compile("consumer.mts", IMPORTS + TYPED, ...node), "");
  assert.equal(await compile("consumer.cts", IMPORTS + TYPED, ...node), "");
  const bundler = ["--module", "esnext", "--moduleResolution", "bundler"];
  assert.equal(await compile("consumer.ts", IMPORTS + TYPED, ...bundler), "");
  const misuse = `${IMPORTS + TYPED}client.resolve(7);\n`;
  assert.match(await compile("misuse.mts", misuse, ...node), /^misuse\.mts\(\d+,\d+\): error TS2345[^\n]*\n$/);
});
