import { AdkError } from "../errors.ts";
import { loadAdapter } from "../internal/load-adapter.ts";
import type { BaseArtifactService } from "./base-artifact-service.ts";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";

export interface CreateArtifactServiceOptions {
  /** An `import.meta.url`, from which the adapter's package is resolved. @defaultValue the working directory's package */
  from?: string | undefined;
  /** Imports the adapter's package, where a bundler is in the way: `() => import("@adk/artifacts-s3")`. */
  load?: (() => Promise<object>) | undefined;
}

/** Makes the service that a URI of one scheme names. */
export type ArtifactServiceFactory = (
  uri: string,
  options: CreateArtifactServiceOptions,
) => Promise<BaseArtifactService> | BaseArtifactService;

const factories = new Map<string, ArtifactServiceFactory>([
  ["memory", () => new InMemoryArtifactService()],
  ["file", adapter("@adk/artifacts-fs", "FileArtifactService", "")],
  ["s3", adapter("@adk/artifacts-s3", "S3ArtifactService", " @aws-sdk/client-s3")],
]);

/**
 * The artifact service that a URI names: `memory:`, `file:///path`, `s3://bucket/prefix`, or a registered scheme.
 *
 * The adapter's package is loaded only now. Who opens, closes: dispose the service when it is no longer needed.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for an unknown scheme; `MISCONFIGURED` when the adapter's package is not
 * installed, with the line that installs it.
 */
export async function createArtifactService(
  uri: string,
  options: CreateArtifactServiceOptions = {},
): Promise<BaseArtifactService> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(String(uri))?.[1]?.toLowerCase();
  const factory = scheme === undefined ? undefined : factories.get(scheme);
  if (factory) return await factory(uri, options);
  // Never the URI itself: it may hold a password.
  throw new AdkError(
    "INVALID_ARGUMENT",
    `${scheme === undefined ? "The URI has no scheme" : `No artifact service knows the scheme \`${scheme}:\``}. ` +
      `Use one of ${[...factories.keys()].map((name) => `${name}:`).join(", ")}, or add it with registerArtifactService.`,
    { details: scheme === undefined ? {} : { scheme } },
  );
}

/** Makes {@link createArtifactService} know a scheme, without its colon. A later registration takes the place of an earlier one. */
export function registerArtifactService(scheme: string, factory: ArtifactServiceFactory): void {
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/i.test(scheme))
    throw new AdkError(
      "INVALID_ARGUMENT",
      'A scheme has letters, digits, `+`, `.` and `-`, and no colon: registerArtifactService("gs", …).',
    );
  factories.set(scheme.toLowerCase(), factory);
}

/** An adapter's class has a static `connect(uri)`; what it opened, it closes when it is disposed. */
interface AdapterClass {
  connect(uri: string): Promise<BaseArtifactService>;
}

function adapter(packageName: string, className: string, peers: string): ArtifactServiceFactory {
  const install = `npm install ${packageName}${peers}`;
  return async (uri, options) => {
    const found = await loadAdapter({ ...options, packageName, install });
    const service = found[className] as AdapterClass | undefined;
    if (typeof service?.connect !== "function")
      throw new AdkError(
        "MISCONFIGURED",
        `${packageName} has no ${className} with a static connect(uri). Update it: \`${install}\`.`,
        { details: { packageName } },
      );
    return await service.connect(uri);
  };
}
