/** Whose session it is. */
export const ANN = { userId: "ann", sessionId: "tea-set" } as const;

export const ANN_WRITES = "My tea set came in pieces. It is order A-7; I want my money back.";
