import {
  BasePlugin,
  type CallbackContext,
  checkOptions,
  type Content,
  type InvocationContext,
  type OptionCheck,
  type Part,
} from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import {
  filenameOf,
  findUploaded,
  type Origin,
  placeholderOf,
  unnotedFiles,
  type UploadedFile,
} from "./uploaded-file.ts";

/** What stands in a message in place of its files. */
export interface SaveFilesAsArtifactsPluginOptions {
  /**
   * Whether a file that the model's provider can fetch itself (the artifact service knows it as `gs:`, `https:` or `http:`) is
   * named in the message, too. @defaultValue true
   */
  attachFileReference?: boolean | undefined;
  /** @defaultValue "save_files_as_artifacts_plugin" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof SaveFilesAsArtifactsPluginOptions, OptionCheck>> = {
  attachFileReference: "boolean",
  name: filledText,
};

/**
 * Saves the files of each message as artifacts of the session, before the message is stored; a short text takes the place of
 * each. So events stay small, and the model loads what it needs (`LOAD_ARTIFACTS`).
 *
 * A file keeps its `displayName` as its name; `user:` in front makes it the user's. A file that cannot be saved stays in the
 * message, and a warning is logged. Versions are noted on the first event of the agent, also after a crash in between; a
 * message that is sent again under its invocation id saves nothing again.
 */
export class SaveFilesAsArtifactsPlugin extends BasePlugin {
  readonly #attachFileReference: boolean;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: SaveFilesAsArtifactsPluginOptions = {}) {
    checkOptions("SaveFilesAsArtifactsPlugin", options, OPTIONS);
    super(options.name ?? "save_files_as_artifacts_plugin");
    this.#attachFileReference = options.attachFileReference ?? true;
  }

  /** Answers only when it has saved a file: otherwise later plugins are asked. */
  override async onUserMessageCallback({
    invocationContext,
    userMessage,
  }: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Promise<Content | undefined> {
    const parts = userMessage.parts ?? [];
    if (!parts.some(({ inlineData }) => inlineData)) return undefined;
    const { artifactService, invocation } = invocationContext;
    if (artifactService === undefined) {
      invocation.logger.warn(
        `Plugin ${this.name} saves nothing: the runner has no \`artifactService\`. Give it one.`,
      );
      return undefined;
    }
    const saved: Part[][] = [];
    for (const [index, part] of parts.entries())
      saved.push(part.inlineData ? await this.#save(invocationContext, part, index) : [part]);
    const result = saved.flat();
    const isSame = result.length === parts.length && result.every((part, at) => part === parts[at]);
    return isSame ? undefined : { ...userMessage, parts: result };
  }

  /** Notes the versions that no event has noted yet. */
  override async beforeAgentCallback({
    callbackContext,
  }: {
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    const { invocationContext, invocationId, session, actions } = callbackContext;
    for (const filename of unnotedFiles(session.events, invocationId)) {
      try {
        const found = await findUploaded(invocationContext, filename);
        if (found) actions.artifactDelta[filename] = found.version;
      } catch (error) {
        // A person may have typed what looks like a placeholder, of a name that can be none.
        invocationContext.invocation.logger.warn(
          `Plugin ${this.name} could not note the version of a file.`,
          { error, invocationId },
        );
      }
    }
  }

  /** What takes the part's place; the part itself when it cannot be saved. */
  async #save(context: InvocationContext, part: Part, index: number): Promise<Part[]> {
    const { invocationId, invocation } = context;
    const filename = filenameOf(part, invocationId, index);
    try {
      const file =
        (await this.#known(context, filename, index)) ??
        (await save(context, part, { filename, index }));
      const reference = this.#attachFileReference ? await referenceTo(context, file, part) : [];
      return [{ text: placeholderOf(filename) }, ...reference];
    } catch (error) {
      invocation.logger.warn(
        `Plugin ${this.name} could not save file ${index} of the message; it stays in the message.`,
        { error, invocationId },
      );
      return [part];
    }
  }

  /** What was saved for this message when it was sent before. */
  async #known(
    context: InvocationContext,
    filename: string,
    index: number,
  ): Promise<UploadedFile | undefined> {
    const { session, invocationId } = context;
    const isRetry = session.events.some((event) => event.invocationId === invocationId);
    return isRetry ? await findUploaded(context, filename, index) : undefined;
  }
}

async function save(
  { artifactService, invocationId }: InvocationContext,
  artifact: Part,
  { filename, index }: { filename: string; index: number },
): Promise<UploadedFile> {
  const customMetadata: Origin = { adkInvocationId: invocationId, adkPart: index };
  const service = artifactService as NonNullable<typeof artifactService>;
  const version = await service.saveArtifact({
    filename,
    artifact,
    customMetadata: { ...customMetadata },
  });
  return { filename, version };
}

/** A part that names the file where the provider can fetch it; none where it cannot. */
async function referenceTo(
  { artifactService }: InvocationContext,
  { filename, version }: UploadedFile,
  { inlineData }: Part,
): Promise<Part[]> {
  const stored = await artifactService?.getArtifactVersion({ filename, version });
  const fileUri = stored?.canonicalUri;
  if (fileUri === undefined || !/^(?:gs|https?):\/\//i.test(fileUri)) return [];
  const mimeType = inlineData?.mimeType ?? stored?.mimeType;
  return [
    {
      fileData: { fileUri, displayName: filename, ...(mimeType === undefined ? {} : { mimeType }) },
    },
  ];
}
