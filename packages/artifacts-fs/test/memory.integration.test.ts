import { expect, it } from "vitest";
import { Child } from "./support/child.ts";
import { TempFolder } from "./support/temp-folder.ts";

const MB = 1_048_576;

/** The most memory of a process that copies so many bytes twice, in a tool and in an agent tool's. */
async function peakOf(bytes: number): Promise<number> {
  using folder = new TempFolder();
  const flags = ["--max-old-space-size=64"];
  await using child = new Child("copier", [folder.root, String(bytes)], { flags });
  expect(await child.ended).toBe("");
  const [copy, second, peak] = child.lines.map(Number);
  expect([copy, second]).toEqual([bytes, bytes]);
  return peak ?? 0;
}

it(
  "a tool copies 256 MB in a heap of 64 MB, and with no more memory than 16 MB take",
  { timeout: 300_000 },
  async () => {
    const [small, large] = [await peakOf(16 * MB), await peakOf(256 * MB)];
    process.stdout.write(
      `peak memory of copying 16 MB: ${Math.round(small / MB)} MB, 256 MB: ${Math.round(large / MB)} MB\n`,
    );
    expect(large - small).toBeLessThanOrEqual(48 * MB);
  },
);
