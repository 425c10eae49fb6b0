// Resolve the links of a CSV file: node many-from-csv.mjs links.csv resolved.csv
//
// The column url holds the links. Everything is a stream, so the file may be larger than the memory. The result has a
// row per link, in the order in which they end. A second run of the same file starts and pays nothing twice, because
// the file's name is the name of the batch. It needs the packages csv-parse and csv-stringify.
import { createReadStream, createWriteStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";
import { LinkSkipper } from "linkskipper-sdk";

const [source, target] = process.argv.slice(2);
const client = new LinkSkipper();
const batch = basename(source, ".csv").slice(0, 63);
let done = 0;
let failed = 0;

async function* links(rows) {
  for await (const row of rows) yield row.url;
}

async function* resolve(urls) {
  for await (const { index, url, link, error } of client.resolveMany(urls, { batch })) {
    if (error) failed += 1;
    else done += 1;
    process.stderr.write(`\r${done} resolved, ${failed} failed`);
    yield { line: index + 1, url, target_url: link?.targetUrl, error: error?.message };
  }
  process.stderr.write("\n");
}

await pipeline(
  createReadStream(source),
  parse({ columns: true, bom: true }),
  links,
  resolve,
  stringify({ header: true, columns: ["line", "url", "target_url", "error"] }),
  createWriteStream(target),
);
