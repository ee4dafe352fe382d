import type { OpenArtifactResponse } from "../artifacts/requests.ts";
import type {
  SessionOpenArtifactRequest,
  SessionSaveArtifactStreamRequest,
} from "../artifacts/session-artifact-service.ts";
import type { AuthConfig, AuthCredential } from "../auth/auth-config.ts";
import type { Part } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { eitherSignal } from "../internal/either-signal.ts";
import {
  createEventActions,
  type EventActions,
  type ToolConfirmation,
} from "../events/event-actions.ts";
import { setOwn } from "../internal/json.ts";
import type { MemoryEntry, SearchMemoryResponse } from "../memory/base-memory-service.ts";
import type { Event } from "../events/event.ts";
import type { InvocationContext } from "./invocation-context.ts";
import { ReadonlyContext } from "./readonly-context.ts";
import { checkAgainstStateSchema } from "./state-schema.ts";
import { State, type StateChanges } from "./state.ts";

export interface ContextOptions {
  invocationContext: InvocationContext;
  eventActions?: EventActions | undefined;
  /** Of a tool call. */
  functionCallId?: string | undefined;
  toolConfirmation?: ToolConfirmation | undefined;
  /** Of a tool call: 1, or more when the call may have been made before. */
  attempt?: number | undefined;
  /** Aborted when this call is to stop. */
  abortSignal?: AbortSignal | undefined;
}

/** What a context leaves behind, for the event that follows. */
export interface ContextHarvest {
  actions: EventActions;
  stateRemoved?: string[] | undefined;
}

/**
 * What callbacks and tools see and write through. What they write (state, artifacts, actions) is stored with the event
 * that follows: a model callback's with the model's event, a tool's with its response, an agent callback's as an event of
 * its own.
 */
export class Context extends ReadonlyContext {
  readonly eventActions: EventActions;
  /** In a tool: the id of the call. It stays the same when the call is repeated: hand it on as an idempotency key. */
  readonly functionCallId: string | undefined;
  /** In a tool: what a person answered to the request for confirmation. */
  toolConfirmation: ToolConfirmation | undefined;
  /** In a tool: 1, or more when the call may have been made before (after a crash). */
  readonly attempt: number;
  readonly #abortSignal: AbortSignal | undefined;
  readonly #changes: StateChanges;
  readonly #state: State;
  #revoked: string | undefined;

  constructor(options: ContextOptions) {
    super(options.invocationContext);
    this.eventActions = options.eventActions ?? createEventActions();
    this.functionCallId = options.functionCallId;
    this.toolConfirmation = options.toolConfirmation;
    this.attempt = options.attempt ?? 1;
    this.#abortSignal = options.abortSignal;
    this.#changes = { delta: this.eventActions.stateDelta, removed: [] };
    this.#state = new State(
      this.invocationContext.invocation.state,
      this.#changes,
      (key, value) => this.#checkWrite(key, value),
      this.#owner,
    );
  }

  override get state(): State {
    return this.#state;
  }

  /** What the event that follows will do besides saying something: `skipSummarization`, `transferToAgent`, `escalate` … may be set. */
  get actions(): EventActions {
    return this.eventActions;
  }

  /** Aborted when this call, or the whole run, is to stop. */
  override get abortSignal(): AbortSignal {
    return this.#abortSignal ?? super.abortSignal;
  }

  /** Grows each time somebody takes over the session: a fencing token for other systems. */
  get leaseEpoch(): number {
    return this.invocationContext.invocation.lease.epoch;
  }

  /**
   * The part saved under this name, the latest or the given version; `undefined` when there is none.
   *
   * @throws AdkError `FAILED_PRECONDITION` without an artifact service; `ARTIFACT_NAME_INVALID`, `ARTIFACT_CORRUPT`.
   */
  loadArtifact(filename: string, version?: number): Promise<Part | undefined> {
    return this.#artifacts().loadArtifact({ filename, version });
  }

  /**
   * Saves the next version and records it on the event that follows.
   *
   * @returns the version, 0 for the first.
   * @throws AdkError `FAILED_PRECONDITION` without an artifact service, or too late; `INVALID_ARGUMENT`, `ARTIFACT_NAME_INVALID`,
   *   `ARTIFACT_TOO_LARGE`, `METADATA_TOO_LARGE`.
   */
  async saveArtifact(
    filename: string,
    artifact: Part,
    customMetadata?: Record<string, unknown>,
  ): Promise<number> {
    return await this.#recordArtifact(filename, (artifacts) =>
      artifacts.saveArtifact({ filename, artifact, customMetadata }),
    );
  }

  /**
   * The bytes saved under this name as a stream, the latest or the given version, or a range of them; `undefined` when there is
   * none. Dispose it (`await using`) when the body may not be read to its end. It fails with `ABORTED` when `abortSignal` or a
   * `signal` of the options fires.
   *
   * @throws AdkError `FAILED_PRECONDITION` without an artifact service; `UNSUPPORTED` where that cannot stream;
   *   `ARTIFACT_NAME_INVALID`, and `ARTIFACT_CORRUPT` while the body is read.
   */
  async openArtifact(
    filename: string,
    options: Omit<SessionOpenArtifactRequest, "filename"> = {},
  ): Promise<OpenArtifactResponse | undefined> {
    const signal = eitherSignal(options.signal, this.abortSignal);
    return await this.#artifacts().openArtifact({ ...options, filename, signal });
  }

  /**
   * Saves bytes of any length as the next version without holding them, and records it on the event that follows. Nothing is
   * stored when the stream fails, or `abortSignal` or a `signal` of the options fires.
   *
   * @returns the version, 0 for the first.
   * @throws AdkError as {@link saveArtifact}, and `UNSUPPORTED` where the artifact service cannot stream.
   */
  async saveArtifactStream(
    filename: string,
    body: SessionSaveArtifactStreamRequest["body"],
    options: Omit<SessionSaveArtifactStreamRequest, "filename" | "body"> = {},
  ): Promise<number> {
    const signal = eitherSignal(options.signal, this.abortSignal);
    return await this.#recordArtifact(filename, (artifacts) =>
      artifacts.saveArtifactStream({ ...options, filename, body, signal }),
    );
  }

  /** Names of the session's artifacts and the user's (`user:`). */
  listArtifacts(): Promise<string[]> {
    return this.#artifacts().listArtifactKeys();
  }

  /** What is remembered of this user. @throws AdkError `FAILED_PRECONDITION` without a memory service. */
  searchMemory(query: string): Promise<SearchMemoryResponse> {
    return this.#memory().searchMemory({ appName: this.appName, userId: this.userId, query });
  }

  /** Remembers this session as it is now; adding it again replaces what it added before. @throws AdkError `FAILED_PRECONDITION` */
  addSessionToMemory(): Promise<void> {
    return this.#memory().addSessionToMemory(this.session);
  }

  /** Remembers some events of this session. @throws AdkError `FAILED_PRECONDITION` without a memory service. */
  addEventsToMemory(events: Event[], customMetadata?: Record<string, unknown>): Promise<void> {
    const { appName, userId, sessionId } = this;
    return this.#memory().addEventsToMemory({ appName, userId, sessionId, events, customMetadata });
  }

  /** Remembers what was written for it. @throws AdkError `FAILED_PRECONDITION` without a memory service. */
  addMemory(memories: MemoryEntry[], customMetadata?: Record<string, unknown>): Promise<void> {
    const { appName, userId } = this;
    return this.#memory().addMemory({ appName, userId, memories, customMetadata });
  }

  /** Without an id, everything of this user. */
  deleteMemory(memoryId?: string): Promise<void> {
    const { appName, userId } = this;
    return this.#memory().deleteMemory({ appName, userId, memoryId });
  }

  /** `undefined` when nothing was saved. @throws AdkError `FAILED_PRECONDITION` without a credential service. */
  async loadCredential(authConfig: AuthConfig): Promise<AuthCredential | undefined> {
    return await this.#credentials().loadCredential(authConfig, this);
  }

  /** Keeps the config's `exchangedAuthCredential` for this user. @throws AdkError `FAILED_PRECONDITION` without a credential service. */
  async saveCredential(authConfig: AuthConfig): Promise<void> {
    await this.#credentials().saveCredential(authConfig, this);
  }

  /**
   * In a tool: asks a person to approve this call. Return after it: once somebody has answered, the tool is called again, with
   * the answer in `toolConfirmation`. In the meantime the model reads what it returned, unless `actions.skipSummarization` is set.
   *
   * @throws AdkError `FAILED_PRECONDITION` outside of a tool call.
   */
  requestConfirmation(request: { hint?: string; payload?: unknown } = {}): void {
    const callId = this.#callId("requestConfirmation");
    this.#checkOpen("a confirmation request");
    setOwn(this.eventActions.requestedToolConfirmations, callId, { ...request, confirmed: false });
  }

  /** In a tool: records that a credential is needed, in the actions of the response's event. @throws AdkError `FAILED_PRECONDITION` outside of a tool call. */
  requestCredential(authConfig: AuthConfig): void {
    const callId = this.#callId("requestCredential");
    this.#checkOpen("a credential request");
    setOwn(this.eventActions.requestedAuthConfigs, callId, authConfig);
  }

  /**
   * What was written here, for the event that follows; state containers that were changed in place are part of it. The engine
   * calls it.
   */
  harvest(): ContextHarvest {
    const { inPlace, ...harvest } = this.harvestApart();
    for (const key of Object.keys(inPlace ?? {})) setOwn(this.#changes.delta, key, inPlace?.[key]);
    return harvest;
  }

  /**
   * The same with the containers that were changed in place apart: several tools may have changed one.
   *
   * @throws AdkError `NOT_SERIALIZABLE` or `INVALID_ARGUMENT` for a container that JSON cannot carry or the state schema refuses.
   */
  harvestApart(): ContextHarvest & { inPlace?: Record<string, unknown> | undefined } {
    const { agent, invocation } = this.invocationContext;
    const inPlace = invocation.state.takeChanges({
      holder: this.#owner,
      check: (key, value) => checkAgainstStateSchema(agent, key, value),
    });
    return {
      actions: this.eventActions,
      ...(this.#changes.removed.length > 0 ? { stateRemoved: [...this.#changes.removed] } : {}),
      ...(inPlace ? { inPlace } : {}),
    };
  }

  /** Refuses every later write: nothing follows that could carry it. The engine calls it. */
  revoke(reason: string): void {
    this.#revoked ??= reason;
  }

  /** Undoes what was written to state: no event will carry it. The engine calls it. */
  takeBack(): void {
    this.invocationContext.invocation.state.takeBack(this);
  }

  /** State tells calls of tools apart: each may be cancelled while others go on. */
  get #owner(): this | undefined {
    return this.functionCallId === undefined ? undefined : this;
  }

  #checkOpen(what: string): void {
    if (this.#revoked !== undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `${what} came too late: ${this.#revoked}. Await all work before returning, and stop when \`abortSignal\` fires.`,
      );
  }

  #checkWrite(key: string, value: unknown): void {
    this.#checkOpen(`State ${key}`);
    checkAgainstStateSchema(this.invocationContext.agent, key, value);
  }

  #callId(method: string): string {
    if (this.functionCallId === undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `\`${method}\` works only inside a tool call; this is a callback.`,
      );
    return this.functionCallId;
  }

  async #recordArtifact(
    filename: string,
    save: (artifacts: NonNullable<InvocationContext["artifactService"]>) => Promise<number>,
  ): Promise<number> {
    this.#checkOpen(`artifact ${filename}`);
    const version = await save(this.#artifacts());
    this.#checkOpen(`artifact ${filename}`);
    setOwn(this.eventActions.artifactDelta, filename, version);
    return version;
  }

  #artifacts(): NonNullable<InvocationContext["artifactService"]> {
    return this.#need(this.invocationContext.artifactService, "artifactService");
  }
  #memory(): NonNullable<InvocationContext["memoryService"]> {
    return this.#need(this.invocationContext.memoryService, "memoryService");
  }
  #credentials(): NonNullable<InvocationContext["credentialService"]> {
    return this.#need(this.invocationContext.credentialService, "credentialService");
  }
  #need<T>(service: T | undefined, option: string): T {
    if (service === undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `This runner has no \`${option}\`. Give it one: new Runner({ ${option}: … }).`,
      );
    return service;
  }
}

/** ADK's name for a context in a callback. */
export type CallbackContext = Context;
/** ADK's name for a context in a tool. */
export type ToolContext = Context;
