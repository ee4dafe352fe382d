import { PostgresSessionService } from "@adk/sessions-postgres";
import { freshSchema } from "@adk/test-services";
import { median, short } from "../../numbers.ts";
import { BARE_TABLE, bareWriter } from "../bare-insert.ts";
import { blocksInTurn, ratioOf, runWriters } from "../in-turn.ts";
import { newEvent, storedBytes } from "../payload.ts";
import { findPgbench, runPgbench } from "../pgbench.ts";
import { connected } from "../postgres.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";

const SESSIONS = 64;
const BARE_CLIENTS = 8;
const GOALS = { bare: 0.8, ungrouped: 2 };

/** 64 sessions of one process at once, beside eight bare clients and beside appends that do not travel together. */
export const groupCommit: SessionsGroup = {
  name: "group-commit",
  async measure({ postgres, repetitions, isQuick }): Promise<Line[]> {
    const seconds = isQuick ? 1 : 2;
    const data = await storedBytes();
    await using stack = new AsyncDisposableStack();
    const appenders = async (isGrouped: boolean): Promise<(() => Promise<unknown>)[]> => {
      const { schema } = stack.use(await freshSchema(postgres));
      const options = { schema, groupCommit: isGrouped };
      const service = stack.use(await PostgresSessionService.connect(postgres.url, options));
      const sessions = await Promise.all(
        Array.from({ length: SESSIONS }, async () => await service.createSession(KEY)),
      );
      return sessions.map(
        (session) => async () => await service.appendEvent({ session, event: newEvent() }),
      );
    };
    const [grouped, ungrouped] = [await appenders(true), await appenders(false)];
    await using first = await connected(postgres.url);
    await first.query(BARE_TABLE);
    const bareWriters: (() => Promise<unknown>)[] = [];
    for (let index = 0; index < BARE_CLIENTS; index++)
      bareWriters.push(bareWriter(stack.use(await connected(postgres.url)), data));
    const pgbench = findPgbench();
    let failed = 0;
    const block = (writers: readonly (() => Promise<unknown>)[]) => async () => {
      const result = await runWriters(writers, seconds * 1_000);
      failed += result.failed;
      return result.perSecond;
    };
    const figures = await blocksInTurn(repetitions, {
      ours: block(grouped),
      ungrouped: block(ungrouped),
      bare: pgbench
        ? async () => await runPgbench(pgbench, { url: postgres.url, data, seconds })
        : block(bareWriters),
    });
    const [bare, alone] = [
      ratioOf(figures.ours, figures.bare),
      ratioOf(figures.ours, figures.ungrouped),
    ];
    const limit = pgbench ? "pgbench -M prepared -c 8" : "8 bare clients of pg";
    return [
      {
        name: `PostgreSQL, ${SESSIONS} sessions of one process: appends`,
        must: false,
        ours: `${short(median(figures.ours))}/s; ungrouped ${short(median(figures.ungrouped))}/s; ${failed} failed`,
        bare: `${short(median(figures.bare))}/s (${limit})`,
        goal: `≥ ${GOALS.bare} × ${limit}, ≥ ${GOALS.ungrouped} × ungrouped`,
        found: `${bare.toFixed(2)} ×, ${alone.toFixed(1)} ×`,
        met: bare >= GOALS.bare && alone >= GOALS.ungrouped && failed === 0,
      },
    ];
  },
};
