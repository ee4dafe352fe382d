const guarded = new WeakSet<object>();

/**
 * Listens to "error", once for each pool or connection: without a listener a pool that loses an idle connection, and a
 * connection that breaks while we have it, would end the process. What was under way fails, too, and says so to its caller.
 */
export function surviveErrors(emitter: object): void {
  if (guarded.has(emitter)) return;
  guarded.add(emitter);
  (emitter as Emitter).on?.("error", () => {});
}

/**
 * The same for a pool and, as soon as it has made them, its connections: a server that ends may accept one and say that it ends
 * in one breath, before the pool's promise tells us of it.
 */
export function surviveErrorsOfPool(pool: object): void {
  if (guarded.has(pool)) return;
  surviveErrors(pool);
  (pool as Emitter).on?.("connect", (connection) => {
    // A client that is no pool tells with the same word that it is connected itself.
    if (connection) surviveErrors(connection);
  });
}

interface Emitter {
  on?(event: string, listener: (argument?: object) => void): unknown;
}
