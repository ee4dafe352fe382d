import type { BaseSessionService } from "@adk/core";
import { SHAPES } from "../shapes.ts";
import { DurableWorld } from "./durable-world.ts";
import { Effects } from "./effects.ts";
import type { Job, JobResult } from "./job.ts";
import { playOn } from "./play-on.ts";

/** Does jobs in this process, one after the other, until it dies or nobody is left who gives any. */
export function serveJobs(open: (uri: string) => Promise<BaseSessionService>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (job) => {
    void perform(job as Job, open).then((result) => process.send?.(result));
  });
}

async function perform(
  { uri, shape: name, appName, effects, dieAt }: Job,
  open: (uri: string) => Promise<BaseSessionService>,
): Promise<JobResult> {
  const shape = SHAPES.find((one) => one.name === name);
  if (!shape) return { moments: 0, failure: `There is no shape ${name}.` };
  await using service = await open(uri);
  const world = new DurableWorld({
    shape,
    appName,
    service,
    effects: new Effects(effects),
    dieAt,
  });
  try {
    await playOn(world, shape);
    return { moments: world.moments };
  } catch (error) {
    return { moments: world.moments, failure: String(error) };
  }
}
