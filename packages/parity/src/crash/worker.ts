/** Sweeps the shapes that it is told to, one after the other, and posts what came of each. */
import { parentPort } from "node:worker_threads";
import { SHAPES } from "./shapes.ts";
import { sweep, type SweepOptions } from "./sweep.ts";

parentPort?.on("message", ({ name, options }: { name: string; options: SweepOptions }) => {
  const shape = SHAPES.find((one) => one.name === name);
  if (shape) void sweep(shape, options).then((result) => parentPort?.postMessage(result));
});
