import {
  AdkError,
  type ArtifactStore,
  BaseArtifactService,
  BaseSessionService,
  type Event,
  type RunAsyncRequest,
} from "@adk/core";
import type { Json, JsonObject } from "../json.ts";
import type { Comparable } from "./difference.ts";
import { seenEvents } from "./log.ts";
import { doubledResponses, outcomeOf } from "./outcome.ts";
import { idOf, isKnown, isStored, requestOf } from "./requests.ts";
import type { RunOutcome } from "./run-outcome.ts";
import type { Shape, Step } from "./shape.ts";
import { APP_NAME, LEASE_MS, SESSION_ID, Universe, USER_ID } from "./universe.ts";
import { World } from "./world.ts";

/** What came of a script. */
export interface Played extends Comparable {
  readonly violations: readonly string[];
  /** Continuations of each world. */
  readonly continuations: readonly number[];
  /** The session's events, as they are. */
  readonly events: readonly Event[];
}

export interface PlayOptions {
  /** At which of its continuations the first world ends, the one after it, and so on; after them comes one that lives on. */
  readonly cuts?: readonly number[];
  /** After a cut the run is resumed by its id alone, where its message is stored. */
  readonly resumesById?: boolean;
  /** After each step, everything is resumed once more without a message: nothing may come of it. */
  readonly resumesAll?: boolean;
}

const KEY = { appName: APP_NAME, userId: USER_ID, sessionId: SESSION_ID };

/** Plays the script of a shape, from its first request to the end of the last. */
export async function play(shape: Shape, options: PlayOptions = {}): Promise<Played> {
  const universe = new Universe();
  await universe.createSession();
  const cuts = [...(options.cuts ?? [])];
  const continuations: number[] = [];
  let world = new World(shape, universe, cuts.shift());
  for (const [index, step] of shape.steps.entries()) {
    universe.now += step.afterMs ?? 0;
    const request = requestOf(step, universe.log);
    if (request === undefined) {
      universe.violations.push(`step ${index + 1}: nothing waits for its answer`);
      break;
    }
    let outcome = await begin(world, step, request);
    while (outcome.kind === "died") {
      continuations.push(world.continuations);
      universe.now += LEASE_MS + 1;
      world = new World(shape, universe, cuts.shift());
      const hasMessage = isStored(request, universe.log);
      if (shape.isEager && hasMessage && isKnown(shape.steps[index + 1], universe.log)) break;
      outcome =
        options.resumesById && hasMessage
          ? await begin(world, { ...step, isOnce: false }, idOf(request))
          : await begin(world, step, request);
    }
    if (outcome.kind === "failed")
      universe.violations.push(`step ${index + 1} failed: ${String(outcome.error)}`);
    if (options.resumesAll) await resumeAll(shape, universe, index);
  }
  continuations.push(world.continuations);
  universe.violations.push(...doubledResponses(universe.log));
  return {
    outcome: await outcomeIn(universe),
    violations: universe.violations,
    bodies: universe.bodies,
    modelCalls: universe.modelCalls,
    continuations,
    events: universe.log,
  };
}

/** Makes a request, or the same one once more. */
async function begin(world: World, step: Step, request: RunAsyncRequest): Promise<RunOutcome> {
  if (!step.isOnce) {
    const abortSignal = world.newAbortSignal();
    return await world.run((runner) => runner.runAsync({ ...request, abortSignal }));
  }
  const [part] = request.newMessage?.parts ?? [];
  const { id = "", response } = part?.functionResponse ?? {};
  const outcome = await world.run((runner) =>
    runner.answer({ userId: USER_ID, sessionId: SESSION_ID, callId: id, response }),
  );
  return outcome.kind === "failed" && AdkError.isInstance(outcome.error, "CALL_ALREADY_ANSWERED")
    ? await world.run((runner) => runner.runAsync(idOf(request)))
    : outcome;
}

async function resumeAll(shape: Shape, universe: Universe, index: number): Promise<void> {
  const before = universe.log.length;
  const bodies = JSON.stringify([...universe.bodies]);
  const ids = new Set(shape.steps.slice(0, index + 1).map(({ invocationId }) => invocationId));
  for (const invocationId of ids) {
    const world = new World(shape, universe);
    const outcome = await world.run((runner) =>
      runner.runAsync({ userId: USER_ID, sessionId: SESSION_ID, invocationId }),
    );
    if (outcome.kind === "failed")
      universe.violations.push(
        `resuming ${invocationId} after step ${index + 1} failed: ${String(outcome.error)}`,
      );
  }
  if (universe.log.length > before)
    universe.violations.push(
      `resuming after step ${index + 1} stored ${universe.log.length - before} more`,
    );
  if (JSON.stringify([...universe.bodies]) !== bodies)
    universe.violations.push(`resuming after step ${index + 1} ran a tool`);
}

async function outcomeIn({ store, artifacts, log }: Universe): Promise<JsonObject> {
  const session = await new BaseSessionService(store).getSession(KEY);
  const { pendingCalls, invocationId } = (await store.read(KEY))?.header ?? {};
  const texts = await artifactTexts(artifacts, log);
  return outcomeOf({
    session,
    isWhole: session?.events.length === log.length,
    isListed: pendingCalls !== undefined,
    openInvocationId: invocationId,
    artifactText: (name, version) => texts.get(`${name}@${version}`) ?? null,
  });
}

async function artifactTexts(
  store: ArtifactStore,
  log: readonly Event[],
): Promise<Map<string, Json>> {
  const texts = new Map<string, Json>();
  const names = new Map<string, number>();
  for (const event of seenEvents(log))
    for (const [name, version] of Object.entries(event.actions?.artifactDelta ?? {}))
      names.set(`${name}@${version}`, version);
  const artifacts = new BaseArtifactService(store);
  for (const [label, version] of names) {
    const filename = label.slice(0, label.lastIndexOf("@"));
    const part = await artifacts.loadArtifact({ ...KEY, filename, version });
    texts.set(label, part?.text ?? null);
  }
  return texts;
}
