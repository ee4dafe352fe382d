import { AdkError, type RunAsyncRequest } from "@adk/core";
import { setTimeout as delay } from "node:timers/promises";
import { isStored, requestOf } from "../requests.ts";
import type { Shape } from "../shape.ts";
import type { DurableWorld } from "./durable-world.ts";

/** How long a session may take to be listed as interrupted, milliseconds. */
const LISTED_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 25;

/** Plays the script of a shape to its end, from where the process before this one left it. */
export async function playOn(world: DurableWorld, { steps }: Shape): Promise<void> {
  const last = world.effects.of("step").at(-1);
  if (last) await run(world, last.request, await goOn(world, last.request));
  for (let index = last ? last.index + 1 : 0; index < steps.length; index++) {
    const step = steps[index];
    const request = step && requestOf(step, await world.log());
    if (request === undefined)
      return violation(world, `step ${index + 1}: nothing waits for its answer`);
    world.effects.add({ kind: "step", index, request });
    await run(world, request, request);
  }
}

/** Where the machine is so busy that a living process loses its lease, it goes on as another one would. */
async function run(
  world: DurableWorld,
  request: RunAsyncRequest,
  first: RunAsyncRequest,
): Promise<void> {
  for (let next = first; ; next = await goOn(world, request)) {
    try {
      return await world.run(next);
    } catch (error) {
      if (!AdkError.isInstance(error, "SESSION_FENCED")) throw error;
      world.effects.add({ kind: "lost" });
    }
  }
}

/** What is stored is found in the list of what was interrupted; what is not, is asked again. */
async function goOn(world: DurableWorld, request: RunAsyncRequest): Promise<RunAsyncRequest> {
  if (!isStored(request, await world.log())) return request;
  const found = await interrupted(world);
  if (found.invocationId !== request.invocationId)
    violation(world, `${found.invocationId} is listed as interrupted, not ${request.invocationId}`);
  return found;
}

async function interrupted({ service, appName }: DurableWorld): Promise<RunAsyncRequest> {
  const deadline = performance.now() + LISTED_WITHIN_MS;
  for (;;) {
    const { sessions } = await service.listInterrupted({ appName });
    const [found, ...others] = sessions;
    if (others.length > 0) throw new Error(`${sessions.length} sessions are listed, expected one`);
    if (found) {
      const { userId, sessionId, invocationId } = found;
      return { userId, sessionId, invocationId };
    }
    if (performance.now() > deadline)
      throw new Error(`no session is listed as interrupted within ${LISTED_WITHIN_MS} ms`);
    await delay(LOOK_EVERY_MS);
  }
}

function violation({ effects }: DurableWorld, problem: string): void {
  effects.add({ kind: "violation", problem });
}
