import type { FunctionCall } from "../../content/content.ts";
import type { Context } from "../../context/context.ts";
import type { EventActions } from "../../events/event-actions.ts";
import { AdkError } from "../../errors.ts";
import { copyJson } from "../../internal/json.ts";

/** What a call has left, in copies: nobody else's work can change it until it is stored. */
export interface Keepable {
  readonly response: Record<string, unknown> | undefined;
  readonly actions: EventActions;
  readonly stateRemoved: string[] | undefined;
  readonly inPlace: Record<string, unknown> | undefined;
}

/**
 * Takes from a call's context what it has written, and closes the context: a later write would reach no event.
 *
 * @param place of the call among those of its event, for errors.
 * @throws AdkError `NOT_SERIALIZABLE` for what JSON cannot carry, `INVALID_ARGUMENT` for a container that the state schema
 *   refuses or an artifact version that is none: this call's own failure, which leaves its siblings alone.
 */
export function keepable(
  { name = "" }: FunctionCall,
  place: number,
  response: Record<string, unknown> | undefined,
  context: Context,
): Keepable {
  try {
    const { actions, stateRemoved, inPlace } = context.harvestApart();
    const path = `content.parts[${place}].functionResponse.response`;
    const kept = {
      response: response && (copyJson(response, { path, blobs: true }) as typeof response),
      actions: copyJson(actions, { path: "actions", blobs: true }) as unknown as EventActions,
      stateRemoved,
      inPlace,
    };
    checkVersions(kept.actions);
    context.revoke("the call has returned");
    return kept;
  } catch (error) {
    throw ofTool(name, error);
  }
}

/** A version that is no number would spoil the one event that all calls share. */
function checkVersions({ artifactDelta }: Partial<EventActions>): void {
  for (const [filename, version] of Object.entries(artifactDelta ?? {}))
    if (!Number.isSafeInteger(version))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `actions.artifactDelta says no version of ${filename}. Save with \`saveArtifact\`, which notes it.`,
      );
}

function ofTool(tool: string, error: unknown): unknown {
  if (!AdkError.isInstance(error)) return error; // of a state schema
  return new AdkError(error.code, `Tool ${tool}: ${error.message}`, {
    cause: error,
    details: { ...error.details, tool },
  });
}
