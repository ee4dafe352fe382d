import type { ChildProcess } from "node:child_process";
import { AdkError } from "../../errors.ts";
import { notApplicable } from "../suite.ts";
import type { WorkerReply, WorkerRequest } from "./session-worker.ts";
import type { SessionSubject } from "./subject.ts";
import type { WorkerTasks } from "./session-worker-tasks.ts";

/** The subject's worker module in a process of its own, which ends with its scope. */
export class SessionProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting: Map<number, PromiseWithResolvers<unknown>> = new Map();
  readonly #ready: PromiseWithResolvers<unknown> = Promise.withResolvers();
  #ids = 0;
  #errors = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#waiting.set(0, this.#ready);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    child.on("message", (message) => this.#hear(message as WorkerReply));
    this.#exited = new Promise((resolve) => child.once("close", resolve));
    void this.#exited.then(() => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`The process has ended. ${this.#errors}`));
    });
  }

  /** A process that has loaded the module and opened nothing yet; ends the case when the subject has no worker. */
  static async start(subject: SessionSubject): Promise<SessionProcess> {
    if (!subject.worker) notApplicable("The subject has no worker.");
    const { module, execArgv = [] } = subject.worker;
    // Node's own, and only here: who has no worker needs no processes.
    const { fork } = await import("node:child_process");
    const stdio = ["ignore", "ignore", "pipe", "ipc"] as const;
    const started = new SessionProcess(
      fork(module, { execArgv: [...execArgv], stdio: [...stdio] }),
    );
    await started.#ready.promise;
    return started;
  }

  /** @throws AdkError as the service there has thrown it: code and message. */
  async ask<Task extends keyof WorkerTasks>(
    task: Task,
    ...[input]: Parameters<WorkerTasks[Task]>
  ): Promise<Awaited<ReturnType<WorkerTasks[Task]>>> {
    const request: WorkerRequest = { id: ++this.#ids, task, input };
    const answered = Promise.withResolvers<unknown>();
    this.#waiting.set(request.id, answered);
    this.#child.send(request, (error) => {
      if (error) answered.reject(error);
    });
    return (await answered.promise) as Awaited<ReturnType<WorkerTasks[Task]>>;
  }

  /** Stops it where it stands (SIGSTOP). */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends it as a crash would (SIGKILL). */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #hear({ id, result, refusal, failure }: WorkerReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (refusal) waiting?.reject(new AdkError(refusal.code, refusal.message));
    else if (failure !== undefined) waiting?.reject(new Error(failure));
    else waiting?.resolve(result);
  }
}
