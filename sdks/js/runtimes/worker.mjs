// Runs in workerd: every case of webhooks, and a run of many links with a fetch that answers by itself.
import webhooks from "../../conformance/webhooks.json";
import { LinkSkipper, LinkSkipperError, signWebhook, verifyWebhook } from "../dist/esm/index.js";

export default {
  async test() {
    for (const given of webhooks.cases) {
      const outcome = await run(given);
      const { header, event, error } = given.expect;
      const fits = header ? outcome === header : event ? outcome.raw : outcome.code === (error.code ?? undefined);
      if (!fits) throw new Error(`${given.name}: ${outcome}`);
    }
    const answer = {
      job_id: null,
      status: "done",
      target_url: "https://example.com/",
      provider: "x",
      tier: "standard",
    };
    const client = new LinkSkipper({ apiKey: "sk_live_x", fetch: async () => Response.json(answer) });
    const urls = Array(20).fill("https://x");
    let links = 0;
    for await (const { link } of client.resolveMany(urls, { batch: "b" })) links += link ? 1 : 0;
    if (links !== urls.length) throw new Error(`${links} links`);
    console.log(`${webhooks.cases.length} cases of webhooks and ${links} links passed`);
  },
};

async function run(given) {
  try {
    const now = new Date(given.now * 1000);
    if (given.do === "sign") return await signWebhook(given.body, given.secret, now);
    const body = given.body ?? Uint8Array.from(atob(given.body_base64), (character) => character.charCodeAt(0));
    const options = { now, toleranceSeconds: given.tolerance };
    return await verifyWebhook(body, given.headers ?? given.header, given.secrets, options);
  } catch (error) {
    if (error instanceof LinkSkipperError) return error;
    throw error;
  }
}
