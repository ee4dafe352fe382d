import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "../numbers.ts";

const BLOCK = Buffer.alloc(8_192, 1);
const TIMES = 100;

/** What the disk of a folder takes to write a block over and keep it: the median, in milliseconds. */
export function fsyncMs(folder: string): number {
  const path = join(folder, "fsync");
  const file = openSync(path, "w");
  try {
    const taken = Array.from({ length: TIMES }, () => {
      const startedAt = performance.now();
      writeSync(file, BLOCK, 0, BLOCK.length, 0);
      fdatasyncSync(file);
      return performance.now() - startedAt;
    });
    return median(taken);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
