/** A tenant of a real service, which the fixture of sdks/conformance starts. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type ClientOptions, LinkSkipper } from "linkskipper-sdk";
import { CONFORMANCE, type Json } from "./cases.js";

/** Keys and links of the service's own for these tests, and the control of the service. */
export class Tenant {
  private constructor(
    private readonly control: string,
    readonly facts: Json,
    readonly stop: () => void,
  ) {}

  /** Make a tenant of the running service, or of one that is started. */
  static async create(): Promise<Tenant> {
    const running = process.env.LINKSKIPPER_SDK_SERVICE;
    const { control, stop } = running ? { control: running, stop: () => {} } : await startService();
    return new Tenant(control, await tell(`${control}/tenants`, "POST"), stop);
  }

  get baseUrl(): string {
    return this.facts.base_url;
  }

  key(name: string): string {
    return this.facts.keys[name].key;
  }

  /** Return a client with a key, by the key's condition. */
  client(key = "normal", options: ClientOptions = {}): LinkSkipper {
    return new LinkSkipper({ apiKey: this.key(key), baseUrl: this.baseUrl, ...options });
  }

  /** Return a link, or where it leads. */
  link(kind: string, name: string | number = "", seconds = 0): string {
    return this.facts.links[kind].replace("{name}", name).replace("{seconds}", seconds);
  }

  /** Tell the fixture to do something. */
  tell(method: string, target: string, query: Record<string, string | number> = {}): Promise<Json> {
    const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
    return tell(`${this.control}${target}?${new URLSearchParams(pairs)}`, method);
  }

  /** Return the environment variables that the documents tell to set. */
  environment(): NodeJS.ProcessEnv {
    return { ...process.env, LINKSKIPPER_API_KEY: this.key("normal"), LINKSKIPPER_BASE_URL: this.baseUrl };
  }
}

async function tell(url: string, method: string): Promise<Json> {
  const response = await fetch(url, { method });
  const answer: Json = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function startService(): Promise<{ control: string; stop: () => void }> {
  const python = process.env.LINKSKIPPER_SDK_PYTHON ?? fileURLToPath(new URL("../../.venv/bin/python", CONFORMANCE));
  const script = fileURLToPath(new URL("service.py", CONFORMANCE));
  const service = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface(service.stdout)) {
    return { control: JSON.parse(line).control, stop: () => service.stdin.end() };
  }
  throw new Error("the service did not start");
}
