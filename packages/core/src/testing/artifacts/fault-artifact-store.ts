import type { ArtifactStore } from "../../artifacts/artifact-store.ts";
import { AdkError } from "../../errors.ts";

/** What goes wrong next: give it to {@link faultArtifactStore}, then call a method when a test wants a fault. */
export class ArtifactStoreFaults {
  #lostSaves = 0;
  #refusals = 0;

  /** The next `times` saves are applied, but their caller gets `UNAVAILABLE`, `details.committed: "unknown"`. */
  loseReply(_command: "save", times: number = 1): void {
    this.#lostSaves += times;
  }

  /** The next `times` commands are not applied: `UNAVAILABLE`, `details.committed: false`. */
  refuse(times: number = 1): void {
    this.#refusals += times;
  }

  /** Forgets what has not happened yet. */
  heal(): void {
    this.#lostSaves = 0;
    this.#refusals = 0;
  }

  /** @internal */
  takeRefusal(): boolean {
    return this.#refusals > 0 && this.#refusals-- > 0;
  }

  /** @internal */
  takeLostSave(): boolean {
    return this.#lostSaves > 0 && this.#lostSaves-- > 0;
  }
}

/** A store in front of another that fails as `faults` says, the way a network does. Absent commands stay absent. */
export function faultArtifactStore(
  store: ArtifactStore,
  faults: ArtifactStoreFaults,
): ArtifactStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (typeof name === "symbol") return member.bind(target) as unknown;
      return async (...parameters: unknown[]) => {
        if (faults.takeRefusal()) throw unavailable(name, false);
        const result = (await member.apply(target, parameters)) as unknown;
        if (name === "save" && faults.takeLostSave()) throw unavailable(name, "unknown");
        return result;
      };
    },
  });
}

function unavailable(command: string, committed: false | "unknown"): AdkError {
  const what = committed === false ? "was not carried out" : "may have been carried out";
  return new AdkError(
    "UNAVAILABLE",
    `The store did not answer; the command ${command} ${what} (a fault asked for by a test). Repeat it.`,
    { retryable: true, details: { command, committed } },
  );
}
