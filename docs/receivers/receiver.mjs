// A receiver of Link Skipper's webhooks without dependencies: LINKSKIPPER_WEBHOOK_SECRET=whsec_… node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const TOLERANCE_SECONDS = 300;
const MAX_BODY_BYTES = 64 * 1024; // an event has less than half of that

/** Returns the event in a signed body (a Buffer). Throws if X-LinkSkipper-Signature does not match the secret. */
export function verify(body, signature, secret, now = Date.now() / 1000) {
  const parts = signature.split(",").map((part) => part.split("="));
  const timestamp = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d+$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) {
    throw new Error("the signature is too old or too new");
  }
  const expected = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
  // During the grace time of a rolled secret there are two signatures. One must match.
  const matches = parts.some(([name, value]) => {
    const actual = Buffer.from(value ?? "", "hex");
    return name === "v1" && actual.length === expected.length && timingSafeEqual(actual, expected);
  });
  if (!matches) throw new Error("the signature does not match");
  return JSON.parse(body);
}

const seen = new Set(); // in production: a table with webhook-id as its key

async function receive(request, response) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return response.writeHead(413, { connection: "close" }).end(() => request.destroy());
    chunks.push(chunk);
  }
  try {
    const signature = request.headers["x-linkskipper-signature"] ?? "";
    const event = verify(Buffer.concat(chunks), signature, process.env.LINKSKIPPER_WEBHOOK_SECRET);
    const id = request.headers["webhook-id"];
    if (!seen.has(id)) console.log(event.event, event.job_id, event.target_url ?? event.error); // it may come twice
    seen.add(id);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(error.message);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  createServer(receive).listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
}
