/** The session that everybody works on. */
export const ORDERS = { userId: "shop", sessionId: "orders" } as const;
