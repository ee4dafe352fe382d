import type { Event, FunctionCall, Session } from "@adk/core";

/** A secret, as bytes or as text in UTF-8. */
export type SecretKey = string | Uint8Array;

/** A call and where it stands. */
export interface PlacedCall {
  readonly session: Session;
  readonly event: Event;
  readonly call: FunctionCall;
}

/**
 * Makes and checks stamps: HMAC-SHA-256 over app, user, invocation and author, and the call's id, name and arguments. Not
 * over the session's id: a fork has another one, and the same calls.
 */
export interface CallStamps {
  /** In hexadecimal. */
  make(call: PlacedCall): Promise<string>;
  /** Whether one of the keys has made the stamp for this call. */
  fits(call: PlacedCall, stamp: unknown): Promise<boolean>;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The keys as bytes; `undefined` for what is no key, or no list with at least one. */
export function keysOf(value: unknown): Uint8Array<ArrayBuffer>[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const keys = list.map((key) =>
    typeof key === "string"
      ? new TextEncoder().encode(key)
      : key instanceof Uint8Array
        ? new Uint8Array(key)
        : new Uint8Array(),
  );
  return keys.length > 0 && keys.every(({ length }) => length > 0) ? keys : undefined;
}

/** @param keys the first makes stamps. */
export function createCallStamps(keys: readonly Uint8Array<ArrayBuffer>[]): CallStamps {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  let imported: Promise<Key[]> | undefined;
  const importAll = (): Promise<Key[]> =>
    (imported ??= Promise.all(
      keys.map((key) => crypto.subtle.importKey("raw", key, algorithm, false, ["sign", "verify"])),
    ));
  return {
    async make(call) {
      const [first] = await importAll();
      const stamp = await crypto.subtle.sign("HMAC", first as Key, payloadOf(call));
      return new Uint8Array(stamp).reduce(
        (hex, byte) => hex + byte.toString(16).padStart(2, "0"),
        "",
      );
    },
    async fits(call, stamp) {
      const bytes = fromHex(stamp);
      if (bytes === undefined) return false;
      const payload = payloadOf(call);
      for (const key of await importAll())
        if (await crypto.subtle.verify("HMAC", key, bytes, payload)) return true; // in constant time
      return false;
    },
  };
}

function payloadOf({ session, event, call }: PlacedCall): Uint8Array<ArrayBuffer> {
  const { appName, userId } = session;
  const { invocationId, author } = event;
  const { id, name, args = {} } = call;
  return new TextEncoder().encode(
    JSON.stringify(sorted({ appName, userId, invocationId, author, id, name, args })),
  );
}

/** With the members of objects in the order of their names: a store may keep them in another one. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  // A list of pairs, so that no name is special.
  return {
    members: Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  };
}

function fromHex(hex: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof hex !== "string" || !/^(?:[\da-f]{2})+$/.test(hex)) return undefined;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
