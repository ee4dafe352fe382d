import { AdkError } from "../errors.ts";
import { loadAdapter } from "../internal/load-adapter.ts";
import { checkLoadOptions, questionOf, schemeOf } from "../internal/service-uri-errors.ts";
import type { BaseSessionService } from "./base-session-service.ts";
import { InMemorySessionService } from "./in-memory-session-service.ts";

/** How the adapter's package is found. */
export interface CreateSessionServiceOptions {
  /** An `import.meta.url`: the adapter's package is resolved from there. @defaultValue the working directory's package */
  readonly from?: string | undefined;
  /** Imports the adapter's package, where a bundler is in the way: `() => import("@adk/sessions-redis")`. */
  readonly load?: (() => Promise<object>) | undefined;
}

/** Makes the service that a URI names. */
export type SessionServiceFactory = (
  uri: string,
  options: CreateSessionServiceOptions,
) => BaseSessionService | Promise<BaseSessionService>;

const factories = new Map<string, SessionServiceFactory>([
  ["memory", () => new InMemorySessionService()],
  ["sqlite", adapter("@adk/sessions-sqlite")],
  ["postgres", adapter("@adk/sessions-postgres", "pg")],
  ["postgresql", adapter("@adk/sessions-postgres", "pg")],
  ["redis", adapter("@adk/sessions-redis", "ioredis")],
  ["rediss", adapter("@adk/sessions-redis", "ioredis")],
]);

/**
 * The session service that a URI names: `memory:`, `sqlite:path`, `postgresql://…`, `redis://…`, or a scheme of
 * {@link registerSessionService}. Its adapter's package is loaded by the scheme.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for a scheme or an option that nobody knows; `MISCONFIGURED` when the package is not
 *   installed, with the line that installs it.
 */
export async function createSessionService(
  uri: string,
  options: CreateSessionServiceOptions = {},
): Promise<BaseSessionService> {
  const scheme = schemeOf(uri);
  const factory = scheme === undefined ? undefined : factories.get(scheme);
  const known = [...factories.keys()];
  if (!factory)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${scheme === undefined ? "The session service's URI has no scheme" : `No session service is known for ${scheme}:`}.${questionOf(scheme, known)} Known: ${known.map((name) => `${name}:`).join(", ")}; others are added by \`registerSessionService\`.`,
      { details: { scheme } },
    );
  checkLoadOptions("createSessionService", options);
  return await factory(uri, options);
}

/** Makes {@link createSessionService} know a scheme, `mongodb` say; replaces what it knew. */
export function registerSessionService(scheme: string, factory: SessionServiceFactory): void {
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/.test(scheme))
    throw new AdkError(
      "INVALID_ARGUMENT",
      "A scheme is lower-case letters, digits, `+`, `.` and `-`, without the colon: `mongodb`.",
    );
  if (typeof factory !== "function")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`factory` must be a function that makes the service: (uri, options) => service.",
    );
  factories.set(scheme, factory);
}

/** An adapter's package exports `sessionServiceFromUri(uri)`. */
function adapter(packageName: string, ...peers: string[]): SessionServiceFactory {
  return async (uri, { from, load }) => {
    const install = ["npm install", packageName, ...peers].join(" ");
    const { sessionServiceFromUri } = await loadAdapter({ packageName, install, from, load });
    if (typeof sessionServiceFromUri !== "function")
      throw new AdkError(
        "MISCONFIGURED",
        `${packageName} does not export \`sessionServiceFromUri\`. Update it: \`npm install ${packageName}@latest\`.`,
        { details: { packageName } },
      );
    return await (sessionServiceFromUri as (uri: string) => Promise<BaseSessionService>)(uri);
  };
}
