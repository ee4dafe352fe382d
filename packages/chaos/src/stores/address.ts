/** The stores that can be disturbed here. */
export const STORES = ["sqlite", "postgres"] as const;

export type StoreName = (typeof STORES)[number];

/** Where sessions are, in words that another process can be told. */
export type Address =
  | { readonly store: "sqlite"; readonly path: string }
  | { readonly store: "postgres"; readonly url: string; readonly schema: string };
