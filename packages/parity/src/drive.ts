import {
  AdkError,
  Runner,
  type Content,
  type Event,
  type Logger,
  type RunAsyncRequest,
} from "@adk/core";
import { build } from "./build.ts";
import { Recorder, type HookCall, type ModelRequest } from "./recorder.ts";
import type { Scenario, Step } from "./scenario.ts";
import type { Services } from "./services.ts";

/** What a step left behind. */
export interface StepResult {
  op: string;
  events?: Event[];
  state?: Record<string, unknown>;
  eventCount?: number;
  keys?: string[];
  versions?: Record<string, number[]>;
  error?: { message: string; code?: string };
}

/** What a scenario left behind, as it was. */
export interface Outcome {
  steps: StepResult[];
  /** The current session at the end; absent when there is none. */
  session?: { state: Record<string, unknown>; events: Event[] };
  modelRequests: ModelRequest[];
  hooks: HookCall[];
}

/** Builds what the scenario describes and does its steps; what a step throws is part of the outcome. */
export async function drive(scenario: Scenario, services: Services): Promise<Outcome> {
  const recorder = new Recorder();
  const runner = new Runner({
    app: build(scenario, recorder),
    sessionService: services.sessionService,
    artifactService: services.artifactService,
    memoryService: services.memoryService,
    autoCreateSession: scenario.app?.autoCreateSession ?? false,
    logger: silent,
  });
  try {
    const driver = new Driver(runner, services);
    const steps: StepResult[] = [];
    for (const step of scenario.steps) steps.push(await driver.step(step));
    const session = await driver.session();
    return {
      steps,
      ...(session && { session: { state: session.state, events: session.events } }),
      modelRequests: recorder.modelRequests,
      hooks: recorder.hooks,
    };
  } finally {
    await runner.close();
  }
}

type RunStep = Extract<Step, { op: "run" | "resume" }>;

class Driver {
  readonly #runner: Runner;
  readonly #services: Services;
  /** In the order of their first event. */
  readonly #invocationIds: Set<string> = new Set();
  /** In the order of their calls. */
  readonly #callIds: Set<string> = new Set();
  #userId = "user";
  #sessionId = "session";

  constructor(runner: Runner, services: Services) {
    this.#runner = runner;
    this.#services = services;
  }

  async step(step: Step): Promise<StepResult> {
    this.#userId = step.user ?? this.#userId;
    this.#sessionId = step.session ?? this.#sessionId;
    const result: StepResult = { op: step.op };
    try {
      await this.#perform(step, result);
    } catch (error) {
      result.error = { message: error instanceof Error ? error.message : String(error) };
      if (AdkError.isInstance(error)) result.error.code = error.code;
    }
    return result;
  }

  /** The current session. */
  session(config?: object): ReturnType<Services["sessionService"]["getSession"]> {
    return this.#services.sessionService.getSession({ ...this.#key, ...(config && { config }) });
  }

  get #key(): { appName: string; userId: string; sessionId: string } {
    const { appName } = this.#runner;
    return { appName, userId: this.#userId, sessionId: this.#sessionId };
  }

  async #perform(step: Step, result: StepResult): Promise<void> {
    const { appName: _, ...key } = this.#key;
    switch (step.op) {
      case "createSession": {
        const { sessionService } = this.#services;
        const state = step.state && { state: structuredClone(step.state) };
        result.state = (await sessionService.createSession({ ...this.#key, ...state })).state;
        return;
      }
      case "run":
      case "resume":
        return await this.#run(step, (result.events = []));
      case "rewind": {
        const rewindBeforeInvocationId = this.#invocationId(step);
        if (rewindBeforeInvocationId === undefined) throw missing("a rewind needs an invocation");
        return await this.#runner.rewindAsync({ ...key, rewindBeforeInvocationId });
      }
      case "getSession": {
        const session = await this.session(step.config);
        if (session === undefined) return;
        result.state = session.state;
        result.eventCount = session.events.filter((event) => !event.toolRecord).length;
        return;
      }
      case "listArtifacts": {
        const { artifactService } = this.#services;
        result.keys = await artifactService.listArtifactKeys(this.#key);
        result.versions = {};
        for (const filename of result.keys)
          result.versions[filename] = await artifactService.listVersions({
            ...this.#key,
            filename,
          });
        return;
      }
      default:
        throw missing(`there is no step ${JSON.stringify((step as { op: unknown }).op)}`);
    }
  }

  async #run(step: RunStep, events: Event[]): Promise<void> {
    const request: RunAsyncRequest = { userId: this.#userId, sessionId: this.#sessionId };
    if (step.op === "run") {
      if (step.message) request.newMessage = this.#message(step.message);
      if (step.stateDelta) request.stateDelta = structuredClone(step.stateDelta);
    }
    if (step.runConfig) request.runConfig = structuredClone(step.runConfig);
    const invocationId = this.#invocationId(step);
    if (invocationId !== undefined) request.invocationId = invocationId;
    for await (const event of this.#runner.runAsync(request)) {
      events.push(structuredClone(event));
      this.#see(event);
      if (events.length === step.stopAfter) break;
    }
  }

  #see(event: Event): void {
    this.#invocationIds.add(event.invocationId);
    for (const { functionCall } of event.content?.parts ?? [])
      if (functionCall?.id !== undefined) this.#callIds.add(functionCall.id);
  }

  #invocationId(step: { invocationRef?: number; invocationId?: string }): string | undefined {
    if (step.invocationRef === undefined) return step.invocationId;
    const id = [...this.#invocationIds][step.invocationRef];
    if (id === undefined) throw missing(`no invocation ${step.invocationRef} was seen so far`);
    return id;
  }

  /** The message with the ids of the calls that its answers refer to. */
  #message(message: Content): Content {
    const copy = structuredClone(message);
    for (const { functionResponse } of copy.parts ?? []) {
      if (functionResponse === undefined || !("callRef" in functionResponse)) continue;
      const { callRef } = functionResponse as { callRef?: number };
      delete functionResponse.callRef;
      const id = [...this.#callIds][callRef ?? -1];
      if (id === undefined) throw missing(`no function call ${callRef} was seen so far`);
      functionResponse.id = id;
    }
    return copy;
  }
}

function missing(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `The scenario cannot go on: ${what}. Correct its steps.`);
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
