import type { FaultProxy } from "@adk/test-services";
import { until } from "../until.ts";

/** Cuts all connections of a proxy; at least one, for which it waits. */
export async function cutSome(proxy: FaultProxy): Promise<void> {
  const before = proxy.cuts;
  await until("there is a connection to cut", () => {
    proxy.cutAll();
    return proxy.cuts > before;
  });
}
