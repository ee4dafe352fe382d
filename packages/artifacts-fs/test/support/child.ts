import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program of `test/children` as a process of its own, and the lines that it prints. */
export class Child implements AsyncDisposable {
  readonly lines: string[] = [];
  /** Resolves to what it printed to stderr, when it has ended in whatever way. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  #onLine: () => void = () => {};
  #isOver = false;

  constructor(
    name: string,
    args: readonly string[],
    { flags = [], ...options }: SpawnOptions & { readonly flags?: readonly string[] } = {},
  ) {
    const file = fileURLToPath(new URL(`../children/${name}.ts`, import.meta.url));
    const command = [...flags, "--conditions=@adk/source", file, ...args];
    this.#process = spawn(process.execPath, command, options);
    let rest = "";
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
      this.#onLine();
    });
    let errors = "";
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    this.ended = new Promise((resolve) => {
      this.#process.on("close", () => {
        this.#isOver = true;
        resolve(errors);
        this.#onLine();
      });
    });
  }

  /** Resolves when it has printed so many lines. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.#isOver) throw new Error(`It ended early: ${await this.ended}`);
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  /** Sends a line. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.ended;
  }
}
