import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./numbers.ts";
import type { Bench, Subject } from "./bench.ts";

/** What a script of `children/` measures with one of the packages: the message it sends, from a process of its own. */
export function inChild<T>(script: string, { url }: Subject): Promise<T> {
  const path = fileURLToPath(new URL(`children/${script}.ts`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(path, [url], { execArgv: ["--expose-gc"], silent: true });
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    child.on("message", (result) => resolve(result as T));
    child.on("error", reject);
    child.on("exit", (code) =>
      reject(new Error(`${script} ended with ${code} and without a result.\n${said}`)),
    );
  });
}

/** Medians over the repetitions, ours and the peer's in turn. */
export async function interleaved<K extends string>(
  bench: Bench,
  script: string,
): Promise<Record<"ours" | "peer", Record<K, number>>> {
  const results = { ours: [] as Record<K, number>[], peer: [] as Record<K, number>[] };
  for (let round = 1; round <= bench.repetitions; round++) {
    bench.progress(`${script}, ${round} of ${bench.repetitions}`);
    // Who comes first changes, so that neither always finds the machine warmer.
    for (const who of round % 2 === 1 ? (["ours", "peer"] as const) : (["peer", "ours"] as const))
      results[who].push(await inChild(script, bench[who]));
  }
  return { ours: medians(results.ours), peer: medians(results.peer) };
}

function medians<K extends string>(results: readonly Record<K, number>[]): Record<K, number> {
  const keys = Object.keys(results[0] ?? {}) as K[];
  return Object.fromEntries(
    keys.map((key) => [key, median(results.map((result) => result[key]))]),
  ) as Record<K, number>;
}
