import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "../numbers.ts";

const BLOCK = Buffer.alloc(8_192, 1);
const TIMES = 100;

/** The disk of a folder, without a database. */
export class BareDisk implements Disposable {
  readonly #path: string;
  readonly #file: number;

  constructor(folder: string) {
    this.#path = join(folder, "fsync");
    this.#file = openSync(this.#path, "w");
  }

  /** Writes a block over and waits until it is kept: what each commit waits for at least. */
  sync(): void {
    writeSync(this.#file, BLOCK, 0, BLOCK.length, 0);
    fdatasyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#path);
  }
}

/** What that takes: the median, in milliseconds. */
export function fsyncMs(folder: string): number {
  using disk = new BareDisk(folder);
  const taken = Array.from({ length: TIMES }, () => {
    const startedAt = performance.now();
    disk.sync();
    return performance.now() - startedAt;
  });
  return median(taken);
}
