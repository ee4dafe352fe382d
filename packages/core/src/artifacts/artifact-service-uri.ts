import { AdkError } from "../errors.ts";
import { loadAdapter } from "../internal/load-adapter.ts";
import { checkLoadOptions, questionOf, schemeOf } from "../internal/service-uri-errors.ts";
import type { BaseArtifactService } from "./base-artifact-service.ts";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";

/** How the adapter's package is found. */
export interface CreateArtifactServiceOptions {
  /** An `import.meta.url`, from which the adapter's package is resolved. @defaultValue the working directory's package */
  readonly from?: string | undefined;
  /** Imports the adapter's package, where a bundler is in the way: `() => import("@adk/artifacts-s3")`. */
  readonly load?: (() => Promise<object>) | undefined;
}

/** Makes the service that a URI of one scheme names. */
export type ArtifactServiceFactory = (
  uri: string,
  options: CreateArtifactServiceOptions,
) => Promise<BaseArtifactService> | BaseArtifactService;

const factories = new Map<string, ArtifactServiceFactory>([
  ["memory", () => new InMemoryArtifactService()],
  ["file", adapter("@adk/artifacts-fs")],
  ["s3", adapter("@adk/artifacts-s3", "@aws-sdk/client-s3")],
]);

/**
 * The artifact service that a URI names: `memory:`, `file:///path`, `s3://bucket/prefix`, or a registered scheme.
 *
 * The adapter's package is loaded only now. Who opens, closes: dispose the service when it is no longer needed.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for an unknown scheme or option; `MISCONFIGURED` when the adapter's package is not
 * installed, with the line that installs it.
 */
export async function createArtifactService(
  uri: string,
  options: CreateArtifactServiceOptions = {},
): Promise<BaseArtifactService> {
  const scheme = schemeOf(uri);
  const factory = scheme === undefined ? undefined : factories.get(scheme);
  if (factory) {
    checkLoadOptions("createArtifactService", options);
    return await factory(uri, options);
  }
  const known = [...factories.keys()];
  // Never the URI itself: it may hold a password.
  throw new AdkError(
    "INVALID_ARGUMENT",
    `${scheme === undefined ? "The URI has no scheme" : `No artifact service knows the scheme \`${scheme}:\``}.${questionOf(scheme, known)} ` +
      `Use one of ${known.map((name) => `${name}:`).join(", ")}, or add it with registerArtifactService.`,
    { details: scheme === undefined ? {} : { scheme } },
  );
}

/** Makes {@link createArtifactService} know a scheme, `gs` say; replaces what it knew. */
export function registerArtifactService(scheme: string, factory: ArtifactServiceFactory): void {
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/.test(scheme))
    throw new AdkError(
      "INVALID_ARGUMENT",
      "A scheme is lower-case letters, digits, `+`, `.` and `-`, without the colon: `gs`.",
    );
  if (typeof factory !== "function")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`factory` must be a function that makes the service: (uri, options) => service.",
    );
  factories.set(scheme, factory);
}

/** An adapter's package exports `artifactServiceFromUri(uri)`. */
function adapter(packageName: string, ...peers: string[]): ArtifactServiceFactory {
  return async (uri, { from, load }) => {
    const install = ["npm install", packageName, ...peers].join(" ");
    const { artifactServiceFromUri } = await loadAdapter({ packageName, install, from, load });
    if (typeof artifactServiceFromUri !== "function")
      throw new AdkError(
        "MISCONFIGURED",
        `${packageName} does not export \`artifactServiceFromUri\`. Update it: \`npm install ${packageName}@latest\`.`,
        { details: { packageName } },
      );
    return await (artifactServiceFromUri as (uri: string) => Promise<BaseArtifactService>)(uri);
  };
}
