/** Where the runtime says what a person may want to know. Never payloads. */
export interface Logger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

function nothing(): void {}

/** Warnings and errors to `console`, the rest nowhere. */
export const consoleLogger: Logger = {
  debug: nothing,
  info: nothing,
  // oxlint-disable-next-line no-console
  warn: (message, details) => console.warn(`[adk] ${message}`, ...(details ? [details] : [])),
  // oxlint-disable-next-line no-console
  error: (message, details) => console.error(`[adk] ${message}`, ...(details ? [details] : [])),
};
