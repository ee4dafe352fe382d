import type { SessionStore } from "./session-store.ts";

const REQUIRED = ["create", "read", "append", "list", "update", "lease", "erase"] as const;
const OPTIONAL = ["open", "watch", "purge", "migrate", "check", "flush"] as const;

/**
 * A store in front of another: `overrides` answer, anything else goes through.
 *
 * A command that the inner store does not have stays absent, whatever `overrides` holds: its presence is its capability.
 */
export function decorateStore(store: SessionStore, overrides: Partial<SessionStore>): SessionStore {
  const decorated: Record<PropertyKey, unknown> = {};
  if (store.capabilities) decorated["capabilities"] = store.capabilities;
  for (const name of [...REQUIRED, ...OPTIONAL, Symbol.asyncDispose] as const) {
    const inner = store[name];
    if (inner === undefined) continue;
    const override = overrides[name];
    decorated[name] = override ? override.bind(overrides) : inner.bind(store);
  }
  // Every required command was copied by the loop above; the compiler does not follow a key at a time.
  return decorated as unknown as SessionStore;
}
