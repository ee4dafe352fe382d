/** Sweeps the shapes that it is told to, one after the other, and posts nothing for each cut and what came of each shape. */
import { parentPort } from "node:worker_threads";
import { SHAPES } from "./shapes.ts";
import { sweep, type SweepOptions } from "./sweep.ts";

parentPort?.on("message", ({ name, options }: { name: string; options: SweepOptions }) => {
  const onCut = (): void => parentPort?.postMessage(undefined);
  const shape = SHAPES.find((one) => one.name === name);
  if (shape)
    void sweep(shape, { ...options, onCut }).then((result) => parentPort?.postMessage(result));
});
