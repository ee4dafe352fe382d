import { AdkError, type AdkErrorCode } from "@adk/core";

/** What became of the command that failed. */
export type Committed = false | "unknown";

interface Rule {
  readonly code: AdkErrorCode;
  /** For programs that want to know more than the code says: `details.reason`. */
  readonly reason: string;
  readonly retryable: boolean;
  /** What is wrong and what to do next; follows the path. */
  readonly advice: string;
}

const IO: Rule = {
  code: "UNAVAILABLE",
  reason: "io",
  retryable: true,
  advice: "could not be read or written. See the cause; try again.",
};
const EXHAUSTED: Rule = {
  ...IO,
  reason: "exhausted",
  advice: "could not be used: this machine has run out of something. See the cause; try again.",
};
const FULL: Rule = {
  code: "STORE_FULL",
  reason: "disk-full",
  retryable: false,
  advice: "could not be written: the disk or the quota is full. Make room and try again.",
};
const FORBIDDEN: Rule = {
  code: "PERMISSION_DENIED",
  reason: "permission",
  retryable: false,
  advice: "may not be used. Give this process read and write access to the artifact folder.",
};
const STRANGE: Rule = {
  code: "MISCONFIGURED",
  reason: "foreign",
  retryable: false,
  advice:
    "is not what this package put there: a link, or a file in place of a folder. Nothing there is followed; remove it.",
};
const NO_LINKS: Rule = {
  code: "MISCONFIGURED",
  reason: "no-links",
  retryable: false,
  advice:
    "is on a file system without hard links, which versions are published with. Name a folder on another one.",
};

/** By the system's code: https://nodejs.org/api/errors.html#common-system-errors. */
const RULES: Readonly<Record<string, Rule>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: { ...FORBIDDEN, reason: "read-only", advice: "is on a disk that can only be read." },
  ELOOP: STRANGE,
  ENOTDIR: STRANGE,
  EISDIR: STRANGE,
  EEXIST: STRANGE,
  ENXIO: STRANGE,
  ENOENT: {
    code: "UNAVAILABLE",
    reason: "gone",
    retryable: true,
    advice: "went away while it was used. Try again; nobody else should move or delete it.",
  },
  EXDEV: {
    ...NO_LINKS,
    reason: "two-file-systems",
    advice: "is on another file system than the rest of the artifact folder. Keep it on one.",
  },
  ENOTSUP: NO_LINKS,
  EOPNOTSUPP: NO_LINKS,
  ENOSYS: NO_LINKS,
  EFBIG: {
    code: "ARTIFACT_TOO_LARGE",
    reason: "file-size",
    retryable: false,
    advice: "would be larger than files can be here. Save less, or raise the limit of the process.",
  },
  ENAMETOOLONG: {
    code: "ARTIFACT_NAME_INVALID",
    reason: "path-length",
    retryable: false,
    advice:
      "is too long for this file system. Take a shorter name, or an artifact folder nearer to its root.",
  },
  EMFILE: EXHAUSTED,
  ENFILE: EXHAUSTED,
  ENOMEM: EXHAUSTED,
  EBUSY: EXHAUSTED,
  EAGAIN: EXHAUSTED,
  EMLINK: EXHAUSTED,
  EIO: IO,
};

/** The system's code of an error that `node:fs` threw, or `undefined` for any other value. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * What a failure of the file system means, in core's words. Errors of other kinds (an `AdkError`, a mistake of ours) are
 * returned as they are.
 *
 * @param path what was used, for people.
 */
export function storeError(error: unknown, path: string, committed: Committed = false): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  return byRule(RULES[code] ?? IO, error as NodeJS.ErrnoException, path, committed);
}

/** The same for a `link` of a file that is ours: file systems without hard links answer EPERM. */
export function linkError(error: unknown, path: string): unknown {
  if (systemCode(error) !== "EPERM") return storeError(error, path);
  return byRule(NO_LINKS, error as NodeJS.ErrnoException, path, false);
}

function byRule(
  { code, advice, reason, retryable }: Rule,
  error: NodeJS.ErrnoException,
  path: string,
  committed: Committed,
): AdkError {
  return new AdkError(code, `${JSON.stringify(path)} ${advice}`, {
    cause: new SystemError(error),
    retryable,
    details: { reason, systemCode: error.code, committed },
  });
}

/** Something stands where only this package writes. */
export function foreign(path: string): AdkError {
  return new AdkError(STRANGE.code, `${JSON.stringify(path)} ${STRANGE.advice}`, {
    details: { reason: STRANGE.reason, committed: false },
  });
}

/** The folder of the artifacts, or one that it should stand in, is something else. */
export function unfitRoot(path: string, problem: string): AdkError {
  return new AdkError(
    "MISCONFIGURED",
    `${JSON.stringify(path)} ${problem}. Name another folder for the artifacts, or move away what is there.`,
    { details: { reason: STRANGE.reason, committed: false } },
  );
}

/** Another process has removed what was being written. */
export function swept(path: string): AdkError {
  return new AdkError(
    "UNAVAILABLE",
    `${JSON.stringify(path)} was swept away while it was being written; nothing was stored. Repeat the call, and give \`purgeOrphans\` a greater age.`,
    { retryable: true, details: { reason: "swept", committed: false } },
  );
}

/** @throws {@link AdkError} `ABORTED` when the signal has fired: nothing was published. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new AdkError("ABORTED", "The call was cancelled; nothing was changed.", {
    cause: signal.reason,
    details: { committed: false },
  });
}

/** What a cause is: a copy of the system's error. Its message has the call and paths with encoded names, never bytes. */
class SystemError extends Error {
  override readonly name: string = "SystemError";
  readonly code: string | undefined;
  readonly syscall: string | undefined;

  constructor({ message, code, syscall }: NodeJS.ErrnoException) {
    super(message);
    this.code = code;
    this.syscall = syscall;
  }
}
