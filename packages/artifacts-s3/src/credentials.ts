import { AdkError } from "@adk/core";

/** Keys of an account, as the SDK takes them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Gives them whenever the SDK asks. Those of the SDK's own (`fromIni()`) are such functions. */
export type CredentialsFunction = (...asked: never[]) => Promise<Credentials>;

/**
 * The check of an option: the SDK would say it with the first request, and as if the server were away.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT`, in words of its own: others would repeat what was given, and that may be secret.
 */
export function checkCredentials(value: unknown): undefined {
  const expected = typeof value === "function" ? undefined : credentialsProblem(value);
  if (expected === undefined) return;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `S3ArtifactService.connect: \`credentials\` must be ${expected}, or a function that gives them.`,
    { details: { option: "credentials" } },
  );
}

/** What credentials must be, when these are not. */
function credentialsProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "{ accessKeyId, secretAccessKey }";
  const { accessKeyId, secretAccessKey, sessionToken } = value as Partial<Credentials>;
  const isText = (member: unknown): boolean => typeof member === "string" && member.trim() !== "";
  const unfit =
    (!isText(accessKeyId) && "accessKeyId") ||
    (!isText(secretAccessKey) && "secretAccessKey") ||
    (sessionToken !== undefined && !isText(sessionToken) && "sessionToken");
  return unfit ? `credentials whose \`${unfit}\` is a text that is not empty` : undefined;
}

/** The same function, whose answer is looked at. */
export function checkedCredentials(credentials: CredentialsFunction): CredentialsFunction {
  return async (...asked) => {
    const given: unknown = await credentials(...asked);
    const expected = credentialsProblem(given);
    if (expected === undefined) return given as Credentials;
    throw new AdkError(
      "PERMISSION_DENIED",
      `The function \`credentials\` of S3ArtifactService.connect must give ${expected}. Correct what it gives.`,
      { details: { option: "credentials", committed: false } },
    );
  };
}
