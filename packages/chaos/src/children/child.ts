import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Operation } from "../history/operation.ts";
import type { Recorder } from "../history/recorder.ts";
import { pause } from "../pause.ts";
import type { Told } from "./told.ts";

/** A program of this folder as a process of its own; what it asks for and learns goes into the parent's history. */
export class Child implements AsyncDisposable {
  /** What it said went wrong, and what it printed to stderr. */
  readonly problems: string[] = [];
  readonly #process: ChildProcess;
  readonly #recorder: Recorder;
  readonly #open: Map<number, Operation> = new Map();
  readonly #ended: Promise<void>;
  #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  #onAsked: () => void = () => {};

  constructor(program: string, parameters: object, recorder: Recorder) {
    this.#recorder = recorder;
    const file = fileURLToPath(new URL(`./${program}.ts`, import.meta.url));
    this.#process = spawn(
      process.execPath,
      ["--conditions=@adk/source", file, JSON.stringify(parameters)],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    const { stdout, stderr, stdin } = this.#process;
    let errors = "";
    stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    // A killed child's end of the pipe is gone.
    stdin?.on("error", () => {});
    if (stdout)
      createInterface({ input: stdout }).on("line", (line) => this.#hear(JSON.parse(line) as Told));
    this.#ended = new Promise((resolve) =>
      this.#process.on("close", () => {
        if (errors !== "") this.problems.push(errors);
        this.#ready.reject(new Error(`${program} ended before it was ready: ${errors}`));
        resolve();
      }),
    );
    this.#ready.promise.catch(() => {}); // told to whoever awaits it
  }

  /** Resolves when it has said once more that it is ready; rejects when it ends before that. */
  async ready(): Promise<void> {
    await this.#ready.promise;
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when it has sent its next operation, or is just about to. */
  async asks(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onAsked = resolve));
  }

  /** Sends a line; a stopped process gets it when it goes on. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Stops it where it stands, and waits until it does. */
  async freeze(): Promise<void> {
    this.signal("SIGSTOP");
    const isStopped = (): boolean =>
      /^State:\s+T/m.test(readFileSync(`/proc/${this.#process.pid}/status`, "utf8"));
    while (!isStopped()) await pause(1);
  }

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#process.kill(signal);
  }

  /** Ends it without a word, and waits until all that it had told was heard. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  #hear(told: Told): void {
    if ("ready" in told) return this.#ready.resolve();
    if ("problem" in told) return void this.problems.push(told.problem);
    if ("asked" in told) {
      const operation = { ...told.asked, return: told.asked.return ?? Infinity };
      this.#open.set(told.n, operation);
      this.#recorder.asked(operation);
      return this.#onAsked();
    }
    const operation = this.#open.get(told.n);
    if (!operation) return void this.problems.push(`It settled ${told.n}, which it never asked.`);
    this.#open.delete(told.n);
    Object.assign(operation, told.settled);
    this.#recorder.settled(operation);
  }
}
