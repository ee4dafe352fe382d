import { fork } from "node:child_process";

/** How the first process has ended. */
export interface Killed {
  /** What it said last. */
  readonly said: unknown;
  readonly signal: NodeJS.Signals | null;
}

/** Starts the desk's first process, and kills it (SIGKILL) as soon as it says anything: that a person is asked. */
export async function killWhenAsked(program: string, args: readonly string[]): Promise<Killed> {
  const child = fork(program, args, { execArgv: ["--conditions=@adk/source"] });
  let said: unknown;
  child.once("message", (message) => {
    said = message;
    child.kill("SIGKILL");
  });
  return await new Promise((resolve) =>
    child.once("exit", (_code, signal) => resolve({ said, signal })),
  );
}
