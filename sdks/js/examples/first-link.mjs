// Resolve one link. Set LINKSKIPPER_API_KEY and LINKSKIPPER_BASE_URL first.
import { LinkSkipper } from "linkskipper-sdk";

const client = new LinkSkipper();
const link = await client.resolveAndWait("https://redirect.lab.test/301");
console.log(link.targetUrl);
