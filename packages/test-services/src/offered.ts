const told = new Set<string>();

/**
 * The server that `start` gives, or `undefined` when it cannot be had here: then its tests are not run, and counted so.
 * In CI (`CI` is set) a missing server fails.
 *
 * ```ts
 * const postgres = await offered(sharedPostgres);
 * describe.skipIf(!postgres)("…", () => …);
 * ```
 */
export async function offered<Server>(start: () => Promise<Server>): Promise<Server | undefined> {
  try {
    return await start();
  } catch (error) {
    const { CI } = process.env;
    if (CI !== undefined && CI !== "" && CI !== "false") throw error;
    tellOnce(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Says what cannot be had here, however many tests want it. */
export function tellOnce(message: string): void {
  if (!told.has(message)) process.stderr.write(`not run: ${message}\n`);
  told.add(message);
}
