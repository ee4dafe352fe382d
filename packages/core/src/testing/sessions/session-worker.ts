import { AdkError, type AdkErrorCode } from "../../errors.ts";
import {
  type OpenSessionWorker,
  SessionWorkerTasks,
  type WorkerTasks,
} from "./session-worker-tasks.ts";

/** What a process is asked. */
export interface WorkerRequest {
  readonly id: number;
  readonly task: keyof WorkerTasks;
  readonly input: unknown;
}

/** What it answers: a result, a refusal of the service, or any other failure. The first one, of id 0, says that it is there. */
export interface WorkerReply {
  readonly id: number;
  readonly result?: unknown;
  readonly refusal?: { readonly code: AdkErrorCode; readonly message: string };
  readonly failure?: string;
}

/**
 * The whole of a worker module: it opens the subject's store in the process that the kit has started it in, and does what the
 * kit asks. The process ends with the one that has started it.
 *
 * ```ts
 * sessionWorker(async (data) => new BaseSessionService(new MyStore(data as MyOptions)));
 * ```
 *
 * @param open gets the `data` of the subject's `worker`.
 */
export function sessionWorker(open: OpenSessionWorker): void {
  const tasks = new SessionWorkerTasks(open);
  const reply = (message: WorkerReply): void => void process.send?.(message);
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    void answer(tasks, message as WorkerRequest).then(reply);
  });
  reply({ id: 0 });
}

async function answer(
  tasks: SessionWorkerTasks,
  { id, task, input }: WorkerRequest,
): Promise<WorkerReply> {
  try {
    return { id, result: await tasks[task](input as never) };
  } catch (error) {
    if (AdkError.isInstance(error))
      return { id, refusal: { code: error.code, message: error.message } };
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
