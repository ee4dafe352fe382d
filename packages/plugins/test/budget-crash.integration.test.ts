import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { onTheLog } from "./support/spent-by-log.ts";
import { world } from "./support/world.ts";

const CHILD = fileURLToPath(new URL("support/budget-child.ts", import.meta.url));

describe("BudgetPlugin, a crash", () => {
  it.each([7, 30])(
    "after about %d answers loses no more than the calls under way",
    async (answers) => {
      await using w = await world("sqlite");
      const child = fork(CHILD, [w.path], { execArgv: ["--conditions=@adk/source"] });
      let asked = 0;
      await new Promise<void>((resolve) => {
        child.on("message", () => {
          // The next call of a branch is asked when the answer before it is stored.
          if (++asked === answers + 2) child.kill("SIGKILL");
        });
        child.on("exit", () => resolve());
      });
      expect(child.signalCode).toBe("SIGKILL");
      // The lease of the killed process, whose clock is the machine's, has lapsed.
      await w.clock.advance(Date.now() + 60_000 - w.clock.now());
      const { session } = await onTheLog(w);
      // Two branches have at most one call under way each.
      expect(session.calls).toBeGreaterThanOrEqual(asked - 2);
      expect(session.tokens).toBe(session.calls * 20);
    },
  );
});
