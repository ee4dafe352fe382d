import type { BaseSessionService } from "@adk/core";
import type { FaultProxy, OwnServer } from "@adk/test-services";
import type { Address } from "./address.ts";
import type { OpenOptions } from "./open-service.ts";

/** An empty store for one line, ended with it. */
export interface Place extends AsyncDisposable {
  readonly address: Address;
  /** A service that is closed with the place. */
  open(
    options?: OpenOptions & { readonly through?: FaultProxy | undefined },
  ): Promise<BaseSessionService>;
  /** What decides whether acknowledged means durable, as the store says it is. */
  durability(): Promise<string>;
}

/** One whose server this line may hurt. */
export interface ServerPlace extends Place {
  readonly server: OwnServer;
}
