/** The stores that can be disturbed here. */
export const STORES = ["sqlite", "postgres", "redis"] as const;

export type StoreName = (typeof STORES)[number];

/** Where sessions are, in words that another process can be told. */
export type Address =
  | { readonly store: "sqlite"; readonly path: string }
  | { readonly store: "postgres"; readonly url: string; readonly schema: string }
  | {
      readonly store: "redis";
      readonly url: string;
      readonly keyPrefix: string;
      /** The URL names a node of a cluster. */
      readonly cluster?: boolean;
      /** How many replicas must have a write before it is acknowledged. */
      readonly replicas?: number;
    };
