/** What a worker is told to run. */
export interface RunMessage {
  readonly invocationId: string;
  readonly text: string;
}

/** What processes of the story say. */
export type Said =
  /** A worker works on what it is told, and on what others have left. */
  | { readonly kind: "ready" }
  /** Its tool runs. */
  | { readonly kind: "shipping" }
  /** It went on with a run that another one had begun, to its end. */
  | { readonly kind: "finished"; readonly invocationId: string }
  | { readonly kind: "failed"; readonly message: string }
  /** The reader saw an event. */
  | { readonly kind: "event"; readonly sequence: number; readonly id: string };
