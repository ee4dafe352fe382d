/** The part of a state that belongs to the session itself. */
export function ownScope(state: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(state).filter(([key]) => !key.startsWith("user:") && !key.startsWith("app:")),
  );
}
