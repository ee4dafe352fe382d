import { randomUUID } from "node:crypto";
import type pg from "pg";

/** The columns and the two indexes of our events, and nothing else. */
export const BARE_TABLE = `create table if not exists bare_event (
  sid bigint not null, sequence bigint not null, id text collate "C" not null, timestamp bigint not null, data text not null,
  primary key (sid, sequence), unique (sid, id))`;

const INSERT =
  "insert into bare_event (sid, sequence, id, timestamp, data) values ($1, $2, $3, $4, $5)";

let sids = 0;

/** One prepared INSERT a call, each its own transaction: what the driver can do at most. */
export function bareWriter(client: pg.Client, data: string): () => Promise<unknown> {
  const sid = ++sids;
  let sequence = 0;
  return async () =>
    await client.query({
      name: "bare",
      text: INSERT,
      values: [sid, ++sequence, randomUUID(), Date.now(), data],
    });
}
