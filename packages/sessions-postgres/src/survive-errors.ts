const guarded = new WeakSet<object>();

/**
 * Listens to "error", once for each pool or connection: without a listener a pool that loses an idle connection, and a
 * connection that breaks while we have it, would end the process. What was under way fails, too, and says so to its caller.
 */
export function surviveErrors(emitter: object): void {
  if (guarded.has(emitter)) return;
  guarded.add(emitter);
  (emitter as { on?(event: string, listener: () => void): unknown }).on?.("error", () => {});
}
