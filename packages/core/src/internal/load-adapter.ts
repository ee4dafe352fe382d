import { AdkError } from "../errors.ts";

export interface LoadAdapterRequest {
  /** `@adk/artifacts-s3` */
  readonly packageName: string;
  /** The line that installs it with its peers: `npm install @adk/artifacts-s3 @aws-sdk/client-s3`. */
  readonly install: string;
  /** An `import.meta.url`, or a path, from which the package is resolved. @defaultValue the working directory's package */
  readonly from?: string | undefined;
  /** Imports the package instead, where a bundler is in the way: `() => import("@adk/artifacts-s3")`. */
  readonly load?: (() => Promise<object>) | undefined;
}

/** The two things of Node that resolution needs; runtimes without them import the plain name. */
interface NodeResolution {
  createRequire(from: string): { resolve(packageName: string): string };
  pathToFileURL(path: string): URL;
}

/**
 * The exports of an adapter's package, which core never imports by itself.
 *
 * Resolved through `load`, else from `from`, else from the working directory's package, else from core itself.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when it is not installed; the message holds the line that installs it. What the
 * package itself throws while it is loaded is the `cause` of a `MISCONFIGURED` that says so.
 */
export async function loadAdapter(request: LoadAdapterRequest): Promise<Record<string, unknown>> {
  const { packageName, from, load } = request;
  let specifier: string | undefined;
  try {
    if (load) return { ...(await load()) };
    specifier = resolve(packageName, from);
    if (specifier === undefined && from !== undefined) throw notInstalled(request);
    return (await import(specifier ?? packageName)) as Record<string, unknown>;
  } catch (error) {
    if (AdkError.isInstance(error)) throw error;
    if (!load && specifier === undefined && isMissing(error, packageName))
      throw notInstalled(request);
    throw new AdkError(
      "MISCONFIGURED",
      `${packageName} could not be loaded. ${lacksOfNode(error) ?? `See the cause; its peers are installed by \`${request.install}\`.`}`,
      { cause: error, details: { packageName } },
    );
  }
}

/** The URL of the package's entry as seen from `from` or the working directory; `undefined` when it is not to be seen. */
function resolve(packageName: string, from: string | undefined): string | undefined {
  const node = nodeResolution();
  const base = from ?? workingDirectory();
  if (!node || base === undefined) return undefined;
  try {
    return node.pathToFileURL(node.createRequire(base).resolve(packageName)).href;
  } catch (error) {
    if (isMissing(error, packageName)) return undefined;
    throw error;
  }
}

/** `process.getBuiltinModule` is asked, not `import`: bundlers for other runtimes have nothing to follow. */
function nodeResolution(): NodeResolution | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  const load = <T>(id: string): T | undefined => process?.getBuiltinModule?.(id) as T | undefined;
  const module = load<Pick<NodeResolution, "createRequire">>("node:module");
  const url = load<Pick<NodeResolution, "pathToFileURL">>("node:url");
  return module && url && { createRequire: module.createRequire, pathToFileURL: url.pathToFileURL };
}

/** A path inside the working directory, for `createRequire`; `undefined` where there is none. */
function workingDirectory(): string | undefined {
  const { process } = globalThis as { process?: { cwd?: () => string } };
  return process?.cwd ? `${process.cwd()}/` : undefined;
}

/** Whether the package itself is missing, not something it imports. */
function isMissing(error: unknown, packageName: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") &&
    (message ?? "").includes(`'${packageName}'`)
  );
}

/** Says so when the package needs a module of Node that this one does not have: `node:sqlite` in Node 20. */
function lacksOfNode(error: unknown): string | undefined {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== "ERR_UNKNOWN_BUILTIN_MODULE") return undefined;
  const name = /node:[\w/]+/.exec(message ?? "")?.[0] ?? "a module";
  return `This Node has no \`${name}\`: Node 22.18 or newer is needed.`;
}

function notInstalled({ packageName, install, from }: LoadAdapterRequest): AdkError {
  return new AdkError(
    "MISCONFIGURED",
    `${packageName} is not installed${from === undefined ? "" : ` where ${from} can see it`}. Install it: \`${install}\`. ` +
      "Where a bundler is in the way, pass `load`; from another package, pass `from: import.meta.url`.",
    { details: { packageName, install } },
  );
}
