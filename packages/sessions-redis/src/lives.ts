import type { Connection, RunOptions } from "./connection.ts";
import { HEADER_FIELDS, readHeader, readTime, type StoredHeader } from "./headers.ts";
import type { Keys, Life } from "./keys.ts";
import type { Command } from "./redis-client.ts";

/** A life that an index names, and what is there of it. */
export interface FoundLife extends Life {
  /** As in the index. */
  readonly score: number;
  /** Absent when it has ended. */
  readonly stored?: StoredHeader | undefined;
}

/** Members and scores out of a reply with both. */
export function withScores<Item>(
  reply: unknown,
  read: (member: string) => Item,
): (Item & { score: number })[] {
  // Some drivers pair them.
  const flat = (reply as unknown[]).flat();
  const items: (Item & { score: number })[] = [];
  for (let index = 0; index < flat.length; index += 2)
    items.push({ ...read(String(flat[index])), score: Number(flat[index + 1]) });
  return items;
}

/** The headers of lives of one app. @param isSplit whether only those of one user are in one slot. */
export async function findLives(
  connection: Connection,
  keys: Keys,
  appName: string,
  lives: readonly (Life & { score: number })[],
  isSplit: boolean,
  options: RunOptions,
): Promise<FoundLife[]> {
  const groups = Map.groupBy(lives, ({ userId }) => (isSplit ? userId : ""));
  const read = async (group: readonly (Life & { score: number })[]): Promise<FoundLife[]> => {
    const headers = group.map(({ userId, sessionId }): Command => {
      const { header } = keys.session({ appName, userId, sessionId });
      return ["hmget", header, ...HEADER_FIELDS];
    });
    // The clock last: its reply says when, and a command with a key says where.
    const replies = await connection.read([...headers, ["time"]], options);
    const now = readTime(replies.at(-1));
    return group.map((life, index) => {
      const stored = readHeader({ appName, ...pick(life) }, replies[index], now);
      return stored?.header.incarnation === life.incarnation ? { ...life, stored } : life;
    });
  };
  const found = await Promise.all([...groups.values()].map(read));
  // In the order that they were asked for.
  const byLife = new Map(found.flat().map((life) => [nameOf(life), life]));
  return lives.flatMap((life) => byLife.get(nameOf(life)) ?? []);
}

function pick({ userId, sessionId }: Life): { userId: string; sessionId: string } {
  return { userId, sessionId };
}

function nameOf({ userId, sessionId, incarnation }: Life): string {
  return `${userId}\0${sessionId}\0${incarnation}`;
}
