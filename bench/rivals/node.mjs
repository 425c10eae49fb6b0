// node node.mjs FOLDER tall|url-unshort BASE LINKS AT_ONCE ROUNDS: prints the links a second of each round.
import { createRequire } from "node:module";

const [folder, name, base, links, atOnce, rounds] = process.argv.slice(2);
const require = createRequire(`${folder}/`);

const resolvers = {
  // One request a link: with one redirect allowed, tall takes the target's word for the end.
  tall: () => {
    const { tall } = require("tall");
    return (url) => tall(url, { maxRedirects: 1 });
  },
  "url-unshort": () => {
    const unshort = require("url-unshort")();
    unshort.add("bench", { match: `^${base}/` });
    return (url) => unshort.expand(url);
  },
};

async function round(resolve, mark) {
  let number = 0;
  const work = async () => {
    while (number < links) {
      const path = `/${mark}-${number++}`;
      const target = await resolve(base + path);
      if (!target.endsWith(path) || target.startsWith(base)) throw new Error(`${path} gave ${target}`);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: atOnce }, work));
  return links / ((performance.now() - begin) / 1000);
}

const resolve = resolvers[name]();
for (let mark = 0; mark < rounds; mark++) console.log(await round(resolve, mark));
// tall leaves its answers unread, and their connections would keep the process.
process.exit();
