import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { unpackOnce } from "./unpack-once.ts";

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "adk-test-unpack-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

const fill =
  (text: string) =>
  (folder: string): void =>
    writeFileSync(join(folder, "file"), text);
const contentOf = (folder: string): string => readFileSync(join(folder, "file"), "utf8");

it("unpacks when it is first asked for", () => {
  const folder = unpackOnce("a", fill("first"));
  expect(unpackOnce("a", fill("second"))).toBe(folder);
  expect(contentOf(folder)).toBe("first");
});

it("gives the folder of who was first when several unpack at the same time", () => {
  const folder = unpackOnce("a", (slow) => {
    fill("half")(slow);
    expect(contentOf(unpackOnce("a", fill("fast")))).toBe("fast");
  });
  expect(contentOf(folder)).toBe("fast");
  expect(readdirSync(temporary)).toHaveLength(1);
});

it("leaves nothing when unpacking fails, and says why", () => {
  const fail = (folder: string): void => {
    fill("half")(folder);
    throw new Error("no network");
  };
  expect(() => unpackOnce("a", fail)).toThrow("no network");
  expect(readdirSync(temporary)).toEqual([]);
});
