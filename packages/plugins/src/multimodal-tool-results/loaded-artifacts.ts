import type { CallbackContext, Part } from "@adk/core";

/** Loads each version of an artifact once a run: requests of one run ask for the same again and again. */
export class LoadedArtifacts {
  /** By the invocation's object: gone with its run. */
  readonly #byRun: WeakMap<object, Map<string, Promise<Part>>> = new WeakMap();

  /** The part, or a text that says that it is gone: versions may have been deleted since. @throws what the service throws. */
  load(
    { filename, version }: { filename: string; version: number },
    context: CallbackContext,
  ): Promise<Part> {
    const { invocation } = context.invocationContext;
    const loaded = this.#byRun.get(invocation) ?? new Map<string, Promise<Part>>();
    this.#byRun.set(invocation, loaded);
    const key = `${version} ${filename}`;
    const known = loaded.get(key);
    if (known) return known;
    const loading = context.loadArtifact(filename, version).then((part) => {
      return part ?? { text: `[Artifact ${filename}, version ${version}, is gone.]` };
    });
    loaded.set(key, loading);
    loading.catch(() => loaded.delete(key)); // the next request asks again
    return loading;
  }
}
