/** Read the conformance files and compare by their rules (sdks/conformance/README.md). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const CONFORMANCE = new URL("../../../conformance/", import.meta.url);
const TOLERANCE = 0.002;

// biome-ignore lint/suspicious/noExplicitAny: the files hold any JSON
export type Json = any;

/** Return a case file. */
export function load(name: string): Json {
  return JSON.parse(readFileSync(new URL(`${name}.json`, CONFORMANCE), "utf8"));
}

/** Compares values with what a case expects. It remembers what the case captures. */
export class Comparison {
  readonly #captured = new Map<string, unknown>();

  /** Assert that a value is as expected: a plain value or a matcher. `undefined` is a value that is missing. */
  check(expected: Json, actual: Json, where: string): void {
    if (isObject(expected) && Object.keys(expected).some((name) => name.startsWith("$"))) {
      for (const [rule, argument] of Object.entries(expected)) this.#match(rule, argument, actual, where);
    } else if (isObject(expected)) {
      assert(isObject(actual), `${where}: expected an object, got ${show(actual)}`);
      for (const [name, member] of Object.entries(expected)) this.check(member, actual[name], `${where}.${name}`);
    } else if (Array.isArray(expected)) {
      assert(Array.isArray(actual), `${where}: expected a list, got ${show(actual)}`);
      assert.equal(actual.length, expected.length, `${where}: expected ${expected.length} items, got ${show(actual)}`);
      expected.forEach((item, index) => {
        this.check(item, actual[index], `${where}[${index}]`);
      });
    } else {
      const same = typeof expected === "number" && typeof actual === "string" ? Number(actual) : actual;
      assert.strictEqual(same, expected, `${where}: expected ${show(expected)}, got ${show(actual)}`);
    }
  }

  #match(rule: string, argument: Json, actual: Json, where: string): void {
    assert(holds(this.#captured, rule, argument, actual), `${where}: ${show(actual)} breaks ${rule} ${show(argument)}`);
  }
}

function holds(captured: Map<string, unknown>, rule: string, argument: Json, actual: Json): boolean {
  if (rule === "$absent") return actual === undefined;
  if (actual === undefined) return false;
  switch (rule) {
    case "$between":
      return argument[0] - TOLERANCE <= Number(actual) && Number(actual) <= argument[1] + TOLERANCE;
    case "$matches": {
      const flag = argument.startsWith("(?i)");
      return new RegExp(flag ? argument.slice(4) : argument, flag ? "i" : "").test(actual);
    }
    case "$contains":
      return argument.every((text: string) => actual.includes(text));
    case "$lacks":
      return !argument.some((text: string) => actual.includes(text));
    case "$capture":
      if (!captured.has(argument)) captured.set(argument, actual);
      return captured.get(argument) === actual;
    default:
      throw new Error(`unknown matcher ${rule}`);
  }
}

/** Assert that the sleeps of a call are in their ranges. Sleeps of 0 do not count. */
export function checkSleeps(expected: [number, number][], actual: number[]): void {
  const slept = actual.filter((seconds) => seconds > 0);
  const message = `sleeps: expected ${show(expected)}, got ${show(slept)}`;
  assert.equal(slept.length, expected.length, message);
  expected.forEach(([low, high], index) => {
    const seconds = slept[index] as number;
    assert(low - TOLERANCE <= seconds && seconds <= high + TOLERANCE, message);
  });
}

export function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 2000) ?? "nothing";
}
