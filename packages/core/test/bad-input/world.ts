import { strict as assert } from "node:assert";
import {
  type BaseAgent,
  type BaseSessionService,
  type Content,
  type Event,
  InMemoryArtifactService,
  InMemoryCredentialService,
  InMemoryMemoryService,
  InMemorySessionService,
  LlmAgent,
  type Logger,
  Runner,
  type RunnerConfig,
  type Session,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";

export const KEY = { appName: "app", userId: "ann", sessionId: "s1" } as const;
const USER = { appName: KEY.appName, userId: KEY.userId } as const;
export const HI: Content = { role: "user", parts: [{ text: "hi" }] };

/** An agent that answers every message with `pong`. */
export function pong(name: string = "root"): LlmAgent {
  return new LlmAgent({ name, model: new ScriptedLlm({ turns: ["pong"], repeat: true }) });
}

/** Logs nothing: these tests fail things on purpose. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Services that hold one session with one turn, one artifact, one memory and one credential; and a runner on them. */
export class World {
  readonly sessions: BaseSessionService;
  readonly artifacts: InMemoryArtifactService = new InMemoryArtifactService();
  readonly memory: InMemoryMemoryService = new InMemoryMemoryService();
  readonly credentials: InMemoryCredentialService = new InMemoryCredentialService();
  readonly runner: Runner;
  #before: unknown;

  private constructor(sessions: BaseSessionService) {
    this.sessions = sessions;
    this.runner = this.runnerOf(pong());
  }

  static async create(sessions: BaseSessionService = new InMemorySessionService()): Promise<World> {
    const world = new World(sessions);
    await world.sessions.createSession({ ...KEY, state: { "user:tea": true, size: 1 } });
    await world.ping();
    await world.artifacts.saveArtifact({ ...KEY, filename: "a.txt", artifact: { text: "one" } });
    const content = { role: "user", parts: [{ text: "tea" }] };
    await world.memory.addMemory({ ...USER, memories: [{ id: "m1", content }] });
    world.#before = await world.#holdings();
    return world;
  }

  runnerOf(agent: BaseAgent, config: Partial<RunnerConfig> = {}): Runner {
    return new Runner({
      ...KEY_OF_RUNNER,
      agent,
      sessionService: this.sessions,
      artifactService: this.artifacts,
      memoryService: this.memory,
      credentialService: this.credentials,
      logger: silent,
      ...config,
    });
  }

  async session(): Promise<Session> {
    const session = await this.sessions.getSession(KEY);
    if (!session) throw new Error("The session is gone.");
    return session;
  }

  async events(): Promise<readonly Event[]> {
    return (await this.session()).events;
  }

  /** An ordinary turn. */
  async ping(runner: Runner = this.runner): Promise<void> {
    const { userId, sessionId } = KEY;
    const events = await runner.run({ userId, sessionId, newMessage: HI });
    assert.deepEqual(
      events.map(({ content }) => content?.parts?.[0]?.text),
      ["pong"],
    );
  }

  /** Everything that could have been written is as it was. */
  async expectUntouched(): Promise<void> {
    assert.deepEqual(await this.#holdings(), this.#before);
  }

  async #holdings(): Promise<unknown> {
    const { sessions } = await this.sessions.listSessions({ appName: KEY.appName });
    return {
      session: await this.session(),
      sessions: sessions.length,
      artifacts: await this.artifacts.listArtifactKeys(KEY),
      versions: await this.artifacts.listVersions({ ...KEY, filename: "a.txt" }),
      memory: await this.memory.searchMemory({ ...USER, query: "tea hi new" }),
    };
  }
}

const KEY_OF_RUNNER = { appName: KEY.appName };
