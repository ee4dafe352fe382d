import { App, type Context, FunctionTool, LlmAgent } from "@adk/core";
import { z } from "zod";
import type { Carrier } from "./carrier.ts";
import { CourierLlm } from "./courier-llm.ts";

export const APP_NAME = "two-workers";

/** The same for each time that a call is made, also by another process, and for no other call. */
function keyOf({ invocationId, functionCallId = "" }: Context): string {
  return `${invocationId}/${functionCallId}`;
}

/** The app as every worker makes it. */
export function createCourier(
  carrier: Carrier,
  onShip: () => void,
  idempotencyKeyOf: (context: Context) => string = keyOf,
): App {
  const ship = new FunctionTool({
    name: "ship",
    description: "Has an order shipped.",
    parameters: z.object({ order: z.string() }),
    async execute({ order }, context) {
      const shipping = carrier.ship({ order, key: idempotencyKeyOf(context) });
      onShip();
      return { shipment: await shipping };
    },
  });
  return new App({
    name: APP_NAME,
    rootAgent: new LlmAgent({ name: "courier", model: new CourierLlm(), tools: [ship] }),
    resumabilityConfig: { isResumable: true },
  });
}
