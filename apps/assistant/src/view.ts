import type { Event } from "@adk/core";

/** A tool call that began, or ended. */
export interface ToolNotice {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Once it has ended. */
  readonly ended?: {
    readonly ms: number;
    /** What the tool returned; `undefined` when the call was stopped. */
    readonly response: unknown;
  };
}

/** Where a conversation is shown. */
export interface View {
  /** Something about the program itself. */
  notice(text: string): void;
  /** The program waits for a message. */
  ready(): void;
  /** A turn begins, with what the user said. */
  turnStarts(text: string): void;
  event(event: Event): void;
  tool(notice: ToolNotice): void;
  /** The turn's error, if it failed. */
  turnEnds(error?: unknown): void;
  /** The conversation is over. */
  ends(): void;
}
