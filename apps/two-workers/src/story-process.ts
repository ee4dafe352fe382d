import { type ChildProcess, fork } from "node:child_process";
import { strict as assert } from "node:assert";
import type { RunMessage, Said } from "./messages.ts";

/** A story that does not go on is not so. */
const PATIENCE_MS = 60_000;

/** One process of the story, and what it says. It ends with its scope. */
export class StoryProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #said: Said[] = [];
  readonly #gone: Promise<NodeJS.Signals | null>;
  #isGone = false;
  #onChange: () => void = () => {};

  constructor(program: string, args: readonly string[]) {
    this.#child = fork(program, args, { execArgv: ["--conditions=@adk/source"] });
    this.#child.on("message", (message) => {
      this.#said.push(message as Said);
      this.#onChange();
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once("exit", (_code, signal) => {
        this.#isGone = true;
        resolve(signal);
        this.#onChange();
      });
    });
  }

  run(message: RunMessage): void {
    this.#child.send(message);
  }

  /** All of a kind so far. */
  all<Kind extends Said["kind"]>(kind: Kind): Extract<Said, { kind: Kind }>[] {
    return this.#said.filter((one): one is Extract<Said, { kind: Kind }> => one.kind === kind);
  }

  /** Resolves to the `count`-th of a kind. @throws AssertionError when it fails or ends before, or takes a minute. */
  async hears<Kind extends Said["kind"]>(
    kind: Kind,
    count: number = 1,
  ): Promise<Extract<Said, { kind: Kind }>> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    deadline.addEventListener("abort", () => this.#onChange());
    for (;;) {
      const [failed] = this.all("failed");
      assert.equal(failed?.message, undefined, "no run fails");
      const said = this.all(kind)[count - 1];
      if (said) return said;
      assert.ok(!this.#isGone, `a process ended before it said "${kind}"`);
      assert.ok(!deadline.aborted, `nobody said "${kind}" within ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** SIGKILL. @returns what it has died of. */
  async kill(): Promise<NodeJS.Signals | null> {
    this.#child.kill("SIGKILL");
    return await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
