import { AdkError } from "../errors.ts";
import type { ArtifactStore } from "./artifact-store.ts";

const PURPOSES = {
  copy: "copy the artifacts of a session",
  sign: "give a URL for an artifact",
  beginUpload: "take uploads by URL",
  completeUpload: "take uploads by URL",
  purge: "look for orphaned bytes",
  check: "check its set-up",
} as const;
type OptionalCommand = keyof typeof PURPOSES;

/**
 * A command that a store may lack.
 *
 * @throws {@link AdkError} `UNSUPPORTED` when it does.
 */
export function optionalCommand<Name extends OptionalCommand>(
  store: ArtifactStore,
  name: Name,
): NonNullable<ArtifactStore[Name]> {
  const command = store[name];
  if (command) return command.bind(store) as NonNullable<ArtifactStore[Name]>;
  throw new AdkError(
    "UNSUPPORTED",
    `This artifact store cannot ${PURPOSES[name]}. Use one that can, such as \`@adk/artifacts-s3\`.`,
    { details: { command: name } },
  );
}
