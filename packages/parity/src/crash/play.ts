import {
  AdkError,
  BaseArtifactService,
  BaseSessionService,
  type Event,
  type RunAsyncRequest,
  StreamingMode,
} from "@adk/core";
import type { Json, JsonObject } from "../json.ts";
import { openRequests, responsesOf, seenEvents } from "./log.ts";
import { neutralLog } from "./neutral-log.ts";
import type { Shape, Step } from "./shape.ts";
import { APP_NAME, LEASE_MS, SESSION_ID, Universe, USER_ID } from "./universe.ts";
import { type RunOutcome, World } from "./world.ts";

/** What came of a script. */
export interface Played {
  /** What must be the same with and without cuts. */
  readonly outcome: JsonObject;
  readonly violations: readonly string[];
  /** By call, and by agent. */
  readonly bodies: ReadonlyMap<string, number>;
  readonly modelCalls: ReadonlyMap<string, number>;
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
    outcome: await outcomeOf(universe),
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

function idOf({ userId, sessionId, invocationId }: RunAsyncRequest): RunAsyncRequest {
  return { userId, sessionId, invocationId };
}

/** The request of a step; `undefined` when what it answers does not wait. */
function requestOf(step: Step, log: readonly Event[]): RunAsyncRequest | undefined {
  const { invocationId, text, answers = [], stateDelta, streams } = step;
  const request: RunAsyncRequest = { userId: USER_ID, sessionId: SESSION_ID, invocationId };
  if (stateDelta) request.stateDelta = stateDelta;
  if (streams) request.runConfig = { streamingMode: StreamingMode.SSE };
  if (text !== undefined) return { ...request, newMessage: { role: "user", parts: [{ text }] } };
  if (answers.length === 0) return request;
  const open = openRequests(log);
  const parts = answers.flatMap(({ tool, response }) => {
    // A call that a person has to approve may be one that waits itself.
    const isApproval = Object.hasOwn(response, "confirmed");
    const index = open.findIndex(
      (call) => call.tool === tool && isApproval === (call.name !== tool),
    );
    const [call] = index === -1 ? [] : open.splice(index, 1);
    return call ? [{ functionResponse: { id: call.id, name: call.name, response } }] : [];
  });
  if (parts.length < answers.length) return undefined;
  return { ...request, newMessage: { role: "user", parts } };
}

/** Whether the log has the message of a request. */
function isStored({ invocationId, newMessage }: RunAsyncRequest, log: readonly Event[]): boolean {
  const parts = JSON.stringify(newMessage?.parts);
  return log.some(
    (event) =>
      event.author === "user" &&
      event.invocationId === invocationId &&
      JSON.stringify(event.content?.parts) === parts,
  );
}

/** Whether the log has what a step answers. */
function isKnown(step: Step | undefined, log: readonly Event[]): boolean {
  return step?.answers !== undefined && requestOf(step, log) !== undefined;
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

/** No call has two responses of its agent for one release. */
function doubledResponses(log: readonly Event[]): string[] {
  const doubled: string[] = [];
  const responded = new Set<string>();
  const originals = new Map<string, string>();
  for (const event of seenEvents(log)) {
    for (const part of event.content?.parts ?? []) {
      const { id, args } = part.functionCall ?? {};
      const original = args?.["originalFunctionCall"] as { id?: string } | undefined;
      if (id !== undefined && original?.id !== undefined) originals.set(id, original.id);
    }
    for (const { id = "", name } of responsesOf(event))
      if (event.author === "user") responded.delete(originals.get(id) ?? "");
      else if (responded.has(id)) doubled.push(`a call of ${name} has two response events`);
      else responded.add(id);
  }
  return doubled;
}

async function outcomeOf(universe: Universe): Promise<JsonObject> {
  const sessions = new BaseSessionService(universe.store);
  const session = await sessions.getSession(KEY);
  const snapshot = await universe.store.read(KEY);
  const texts = await artifactTexts(universe);
  const text = (name: string, version: number): Json => texts.get(`${name}@${version}`) ?? null;
  const log = neutralLog(universe.log, text);
  return {
    log,
    state: (neutralLog([stateAsEvent(session?.state ?? {})], text)["branches"] as JsonObject)[""],
    stored: session?.events.length === universe.log.length,
    pending: Object.values(session?.pendingCalls ?? {}).map(
      ({ name, agent }) => `${agent}.${name}`,
    ),
    listed: snapshot?.header.pendingCalls !== undefined,
    open: snapshot?.header.invocationId ?? null,
  } as JsonObject;
}

function stateAsEvent(stateDelta: Record<string, unknown>): Event {
  return { actions: { stateDelta } } as unknown as Event;
}

async function artifactTexts(universe: Universe): Promise<Map<string, Json>> {
  const texts = new Map<string, Json>();
  const names = new Map<string, number>();
  for (const event of seenEvents(universe.log))
    for (const [name, version] of Object.entries(event.actions?.artifactDelta ?? {}))
      names.set(`${name}@${version}`, version);
  const artifacts = new BaseArtifactService(universe.artifacts);
  for (const [label, version] of names) {
    const filename = label.slice(0, label.lastIndexOf("@"));
    const part = await artifacts.loadArtifact({ ...KEY, filename, version });
    texts.set(label, part?.text ?? null);
  }
  return texts;
}
