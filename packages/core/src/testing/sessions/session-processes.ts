import { race, range, settle } from "./helpers.ts";
import { SessionProcess } from "./session-process.ts";
import type { SessionSubject } from "./subject.ts";

/** Processes that end together. */
export class SessionProcesses implements AsyncDisposable {
  readonly all: readonly SessionProcess[];
  readonly #subject: SessionSubject;

  private constructor(subject: SessionSubject, all: readonly SessionProcess[]) {
    this.#subject = subject;
    this.all = all;
  }

  static async start(subject: SessionSubject, count: number): Promise<SessionProcesses> {
    const starting = range(1, count).map(async () => await SessionProcess.start(subject));
    const { won, lost } = await race(starting);
    const processes = new SessionProcesses(subject, won);
    if (lost.length === 0) return processes;
    await processes[Symbol.asyncDispose]();
    throw lost[0];
  }

  static async open(subject: SessionSubject, count: number): Promise<SessionProcesses> {
    const processes = await SessionProcesses.start(subject, count);
    try {
      await settle(subject, processes.openAll());
      return processes;
    } catch (error) {
      await processes[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens the store in all of them at once. */
  async openAll(): Promise<void> {
    const data = this.#subject.worker?.data;
    await Promise.all(this.all.map(async (each) => await each.ask("open", data)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(async (each) => await each[Symbol.asyncDispose]()));
  }
}
