import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const NODE = [process.execPath, "--conditions=@adk/source", MAIN];

/** Of util-linux: gives a program a terminal. */
const SCRIPT = "script";

export const HAS_SCRIPT: boolean = String(spawnSync(SCRIPT, ["--version"]).stdout).includes(
  "util-linux",
);

/** An empty folder to start programs in. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "adk-assistant-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * The assistant as a process: what it prints, what is typed into it, how it ends. It starts in a folder of its own, which
 * goes with it, or in `cwd`.
 */
export class Program implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #folder: Folder = new Folder();

  constructor(
    args: readonly string[],
    options: { terminal?: boolean; env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ) {
    const command = [...NODE, ...args];
    const [file = "", ...rest] = options.terminal
      ? [SCRIPT, "-qec", command.map(quoted).join(" "), "/dev/null"]
      : command;
    this.#child = spawn(file, rest, {
      cwd: options.cwd ?? this.#folder.path,
      env: { ...cleanEnvironment(), ...options.env },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      for (const check of this.#waiting) check();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code) => {
        resolve(code);
        for (const check of this.#waiting) check();
      });
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Nothing more will be typed. */
  end(text = ""): void {
    this.#child.stdin?.end(text);
  }

  /** As `head` does when it has seen enough. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when this has been printed, after what was waited for before. @returns what came up to it. */
  async printed(text: string): Promise<string> {
    for (;;) {
      const at = this.stdout.indexOf(text, this.#seen);
      if (at >= 0) {
        const between = this.stdout.slice(this.#seen, at);
        this.#seen = at + text.length;
        return between;
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(
          `It ended without printing ${JSON.stringify(text)}:\n${this.stdout}${this.stderr}`,
        );
      await new Promise<void>((resolve) => {
        const check = (): void => {
          this.#waiting.delete(check);
          resolve();
        };
        this.#waiting.add(check);
      });
    }
  }
  #seen = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
    this.#folder[Symbol.dispose]();
  }
}

/** No model of the person who runs the tests, no colours. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const names = /^(?:GOOGLE_|GEMINI_|OPENAI_|NODE_OPTIONS$|FORCE_COLOR$|VITEST)/;
  const entries = Object.entries(process.env).filter(([name]) => !names.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1", TERM: "xterm" };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
