/** Failures on the wire, on real sockets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ClientOptions,
  LinkSkipper,
  LinkSkipperError,
  NetworkError,
  RequestTimeoutError,
  TimeoutError,
  UnexpectedResponseError,
} from "linkskipper-sdk";
import { type Script, send, withServer } from "./support/server.js";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/** Return the error of a call, which makes one attempt. */
async function errorOf(
  baseUrl: string,
  options: ClientOptions = {},
  call = (client: LinkSkipper): Promise<unknown> => client.account(),
): Promise<LinkSkipperError> {
  const client = new LinkSkipper({ apiKey: "sk_live_x", baseUrl, retry: { maxAttempts: 1 }, ...options });
  try {
    await call(client);
  } catch (error) {
    assert(error instanceof LinkSkipperError, String(error));
    return error;
  }
  return assert.fail("the call succeeded");
}

test("a refused connection is a network error that says why", async () => {
  const url = await withServer(send(""), async (url) => url);
  const error = await errorOf(url);
  assert.equal(error.name, "NetworkError");
  assert.match(error.message, /refused/i);
  assert(error.cause instanceof TypeError);
});

const notAnswers: [string, Script][] = [
  ["nothing", send("")],
  ["a cut body", send(`${HEAD}Content-Length: 100\r\n\r\n{`)],
  ["a cut chunk", send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{`)],
  ["another protocol", send("SSH-2.0-OpenSSH_9.2\r\n")],
  ["TLS", send("\x16\x03\x01\x00\x05hello")],
  ["a wrong encoding", send(`${HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope`)],
  ["a wrong length", send(`${HEAD}Content-Length: x\r\n\r\n{}`)],
  ["a huge head", send(`HTTP/1.1 200 OK\r\nX: ${"a".repeat(200_000)}`)],
];

for (const [name, script] of notAnswers) {
  test(`${name} is a network error`, async () => {
    assert.equal((await withServer(script, errorOf)).name, "NetworkError");
  });
}

test("a silent server: the attempt ends by its timeout", async () => {
  const began = performance.now();
  const error = await withServer(
    () => {},
    (url) => errorOf(url, { timeoutMs: 300 }),
  );
  assert(error instanceof RequestTimeoutError);
  assert(performance.now() - began < 4000);
});

test("the timeout is for the whole attempt, not for each byte", async () => {
  const drip: Script = (socket) => {
    socket.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
    const timer = setInterval(() => socket.write(" "), 50);
    socket.on("close", () => clearInterval(timer));
  };
  const began = performance.now();
  assert((await withServer(drip, (url) => errorOf(url, { timeoutMs: 500 }))) instanceof RequestTimeoutError);
  assert(performance.now() - began < 4000);
});

test("a body of more than 16 MB is given up", async () => {
  const endless: Script = (socket) => {
    const more = () => {
      while (socket.writable && socket.write(" ".repeat(1_000_000)));
    };
    socket.on("drain", more);
    socket.write(`${HEAD}\r\n`);
    more();
  };
  const error = await withServer(endless, errorOf);
  assert.equal(error.name, "NetworkError");
  assert.match(error.message, /larger/);
});

test("HTML of a proxy is shown in the error", async () => {
  const page = "<html>Sign in to the hotel Wi-Fi</html>";
  const answer = `HTTP/1.1 511 X\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`;
  const error = await withServer(send(answer), errorOf);
  assert(error instanceof UnexpectedResponseError);
  assert.equal(error.status, 511);
  assert.match(error.message, /hotel Wi-Fi/);
});

test("a redirect is not followed, so that the key stays here", async () => {
  let visits = 0;
  const stranger: Script = (socket) => {
    visits += 1;
    socket.end(`${HEAD}Content-Length: 2\r\n\r\n{}`);
  };
  await withServer(stranger, async (other) => {
    const answer = `HTTP/1.1 302 Found\r\nLocation: ${other}/\r\nContent-Length: 0\r\n\r\n`;
    const error = await withServer(send(answer), errorOf);
    assert(error instanceof UnexpectedResponseError);
    assert(error.message.includes(other));
  });
  assert.equal(visits, 0);
});

test("a silent service does not hold up a wait beyond its deadline", async () => {
  const began = performance.now();
  const error = await withServer(
    () => {},
    (url) => errorOf(url, { maxWaitMs: 500 }, (client) => client.resolveAndWait("https://tinyurl.com/x")),
  );
  assert(error instanceof TimeoutError);
  assert(error.lastError instanceof RequestTimeoutError);
  const took = performance.now() - began;
  assert(took > 400 && took < 4000, `${took} ms`);
});

test("a fetch that does not look at the signal is left alone", async () => {
  const deaf = () => new Promise<Response>(() => {});
  const began = performance.now();
  assert((await errorOf("http://x", { fetch: deaf, timeoutMs: 100 })) instanceof RequestTimeoutError);
  const signal = AbortSignal.timeout(100);
  const client = new LinkSkipper({ apiKey: "sk_live_x", fetch: deaf });
  await assert.rejects(client.account({ signal }), { name: "TimeoutError" });
  assert(performance.now() - began < 4000);
});

test("whatever a fetch throws is a network error", async () => {
  for (const thrown of [undefined, null, "text", 7, new Error(""), { message: "object" }]) {
    const error = await errorOf("http://x", { fetch: () => Promise.reject(thrown) });
    assert(error instanceof NetworkError);
    assert.equal(error.cause, thrown);
  }
});
