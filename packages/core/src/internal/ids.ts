/** Where ids come from: each call gives a new text of at least 122 random bits. */
export type IdSource = () => string;

export const randomId: IdSource = () => crypto.randomUUID();
