import { type ChildProcess, fork } from "node:child_process";
import type { Job, JobResult } from "./job.ts";

/** How a job has ended: with a result, or with its process. */
export type JobEnd = JobResult | { readonly signal: NodeJS.Signals | null };

/** A process that does jobs; started before it has one. */
export class JobProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #gone: Promise<{ signal: NodeJS.Signals | null }>;

  /** @param module what it runs. @param cache a folder for compiled code, so that the next one starts faster. */
  constructor(module: string, cache: string) {
    this.#child = fork(module, {
      execArgv: ["--conditions=@adk/source"],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#gone = new Promise((resolve) =>
      this.#child.once("exit", (_code, signal) => resolve({ signal })),
    );
  }

  async perform(job: Job): Promise<JobEnd> {
    const result = Promise.withResolvers<JobResult>();
    this.#child.once("message", (message) => result.resolve(message as JobResult));
    this.#child.send(job, (error) => {
      if (error) result.reject(error);
    });
    return await Promise.race([result.promise, this.#gone]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }
}
