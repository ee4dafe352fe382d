import { decorateStore, type ReadCommand, type SessionStore, type Snapshot } from "@adk/core";
import { Redis } from "ioredis";
import { APPEND } from "../../src/commands/append.lua.ts";
import { CREATE, FORK } from "../../src/commands/create.lua.ts";
import { LEASE } from "../../src/commands/lease.lua.ts";
import { UPDATE } from "../../src/commands/update.lua.ts";
import type { RedisClient } from "../../src/index.ts";
import type { Command } from "../../src/redis-client.ts";
import type { Script } from "../../src/script.ts";
import type { RedisSubjectOptions } from "./subject.ts";

/** This adapter with one difference, and cases of the kit that find it. */
export interface Broken {
  readonly name: string;
  readonly subject: RedisSubjectOptions;
  readonly fails: readonly string[];
}

/** The part of a client through which all commands go. */
interface Commands {
  call(...command: unknown[]): Promise<unknown>;
  multi(commands: unknown[][]): unknown;
  hget(key: string, field: string): Promise<string | null>;
}

type Rewrite = (command: Command, client: Commands) => Command | Promise<Command>;

/** A client that sends some commands differently. In transactions only what can be said at once. */
function rewriting(url: string, rewrite: Rewrite): RedisClient {
  const client = new Redis(url);
  const commands = client as unknown as Commands;
  const call = commands.call.bind(client);
  const multi = commands.multi.bind(client);
  commands.call = async (...command) =>
    await call(...(await rewrite(command as unknown as Command, commands)));
  commands.multi = (all) =>
    multi(
      all.map((command) => {
        const changed = rewrite(command as unknown as Command, commands);
        return (changed instanceof Promise ? command : changed) as unknown[];
      }),
    );
  return client;
}

/** Scripts of which a piece reads differently. */
function inScript(
  name: string,
  scripts: readonly Script[],
  from: string,
  to: string | (() => string),
  fails: readonly string[],
): Broken {
  if (!scripts.some(({ lua }) => lua.includes(from)))
    throw new Error(`"${name}" changes nothing: the scripts read otherwise by now.`);
  const rewrite = (command: Command): Command => {
    const [method, text, ...rest] = command;
    const script = scripts.find(({ lua, sha }) => text === sha || text === lua);
    if (!script) return command;
    const words = typeof to === "string" ? to : to();
    return [method.replace("sha", ""), script.lua.replaceAll(from, words), ...rest];
  };
  return { name, fails, subject: { client: (url) => rewriting(url, rewrite) } };
}

/** One command that is sent differently. */
function inCommand(
  name: string,
  method: string,
  change: (word: unknown) => unknown,
  fails: readonly string[],
): Broken {
  const rewrite = (command: Command): Command =>
    command[0] === method ? ([method, ...command.slice(1).map(change)] as Command) : command;
  return { name, fails, subject: { client: (url) => rewriting(url, rewrite) } };
}

function inStore(
  name: string,
  overrides: (store: SessionStore) => Partial<SessionStore>,
  fails: readonly string[],
): Broken {
  return { name, fails, subject: { decorate: (store) => decorateStore(store, overrides(store)) } };
}

/** The sequence is read first and the event written after it, as if these were two commands. */
const inTwoSteps: Rewrite = async (command, client) => {
  const [, sha, , keys] = command;
  if (sha !== APPEND.sha || !Array.isArray(keys)) return command;
  const last = await client.hget(String(keys[0]), "seq");
  await new Promise((resolve) => setImmediate(resolve));
  const lua = APPEND.lua
    .replace("local last = tonumber(h[2])", `local last = ${last ?? 0}`)
    .replaceAll("~= last then return {'damaged'", "< 0 then return {'damaged'")
    .replaceAll("~= tonumber(last) then return", "< 0 then return");
  return ["eval", lua, ...command.slice(2)] as unknown as Command;
};

export const broken: readonly Broken[] = [
  {
    name: "reads the sequence before the script, which is not atomic then",
    subject: { client: (url) => rewriting(url, inTwoSteps) },
    fails: ["append-race-merges"],
  },
  inScript(
    "takes another event under a stored id for a duplicate",
    [APPEND],
    "~= ARGV[2] .. '\\0' .. ARGV[3] then",
    "== '' then",
    ["append-id-conflict"],
  ),
  inScript("does not look for a duplicate", [APPEND], "if known then", "if false then", [
    "append-duplicate-once",
    "lost-reply-append",
  ]),
  inScript(
    "has a fence that ignores release",
    [LEASE],
    "redis.call('HDEL', KEYS[1], 'li', 'lo', 'lu')",
    "redis.call('HSET', KEYS[1], 'lu', 0)",
    ["append-under-released-lease"],
  ),
  inScript(
    "takes the lease again for a late copy of an acquire",
    [LEASE],
    "redis.call('HSET', KEYS[1], 'rl', ARGV[2])",
    "redis.call('HLEN', KEYS[1])",
    ["lease-late-acquire-fenced"],
  ),
  inScript(
    "does not extend the lease by an append",
    [APPEND],
    "redis.call('HSET', KEYS[1], 'lu', leaseUntil)",
    "redis.call('HLEN', KEYS[1])",
    ["append-extends-lease"],
  ),
  inScript(
    "reckons with the clock of its client, which is an hour late",
    [APPEND, CREATE],
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)",
    () => `local now = ${Date.now() - 3_600_000}`,
    ["retention-activity-extends"],
  ),
  inScript(
    "counts epochs from one",
    [LEASE],
    "epoch = math.max(epoch + 1, now)",
    "epoch = epoch + 1",
    ["lease-epoch-over-lives"],
  ),
  inScript(
    "sets what a key held before its removal again",
    [APPEND],
    "redis.call('HDEL', key, unpack",
    "tostring(unpack",
    ["state-removal"],
  ),
  inScript("sets the first slice of a large delta alone", [APPEND], "4000", "100000", [
    "state-large-delta",
  ]),
  inScript("does not start a session's time anew", [APPEND], "expire(now + ttl, leaseUntil)", "", [
    "retention-activity-extends",
  ]),
  inScript(
    "copies one event too few for a fork",
    [FORK],
    "redis.call('LTRIM', KEYS[2], 0, upTo - 1)",
    "redis.call('LTRIM', KEYS[2], 0, upTo - 2)",
    ["fork-copies-log"],
  ),
  inScript(
    "gives no order of creation",
    [CREATE],
    "t[1] * 1000000 + t[2], tonumber(newest[2] or 0) + 1",
    "1, 9000000000000000 - t[1] * 1000000 - t[2]",
    ["list-newest-first"],
  ),
  inScript(
    "keeps a cancel for the next invocation",
    [APPEND, LEASE],
    "redis.call('HDEL', KEYS[1], 'can')",
    "redis.call('HLEN', KEYS[1])",
    ["cancel-cleared"],
  ),
  inScript(
    "replaces labels instead of patching them",
    [UPDATE],
    "local labels = h[3] and cjson.decode(h[3]) or {}",
    "local labels = {}",
    ["update-labels"],
  ),
  inCommand(
    "shows the last of a page again on the next one",
    "zrevrangebyscore",
    (word) => (typeof word === "string" && word.startsWith("(") ? word.slice(1) : word),
    ["list-pages-complete"],
  ),
  inStore(
    "sends a repeated append under another id",
    (store) => {
      const seen = new Set<string>();
      return {
        async append(command, signal) {
          const id = seen.has(command.id) ? `${command.id}#` : command.id;
          seen.add(command.id);
          return await store.append({ ...command, id }, signal);
        },
      };
    },
    ["lost-reply-append"],
  ),
  inStore(
    "reads what it has read before",
    (store) => {
      const known = new Map<string, Snapshot>();
      const read = async (command: ReadCommand): Promise<Snapshot | undefined> => {
        const name = JSON.stringify(command);
        const snapshot = known.get(name) ?? (await store.read(command));
        if (snapshot) known.set(name, snapshot);
        return snapshot;
      };
      return { read: read as SessionStore["read"] };
    },
    ["update-title"],
  ),
];
