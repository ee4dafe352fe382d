import type { BaseArtifactService } from "../artifacts/base-artifact-service.ts";
import { type SavedVersion, savedVersions } from "../log/artifact-versions.ts";
import type { SessionKey } from "../sessions/session-store.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * Removes from a session what a fork has copied there before it found that somebody else had created it.
 *
 * What the session's own log names stays, and what somebody has saved to: a copy too many is better than a file too few. It
 * never fails; what could not be removed is logged.
 */
export async function takeBackCopies(
  { sessionService, logger }: RunSettings,
  artifactService: BaseArtifactService,
  key: SessionKey,
  copied: readonly SavedVersion[],
): Promise<void> {
  const left: string[] = [];
  try {
    const session = await sessionService.getSession(key);
    // Whoever is about to create it may have copied the same.
    if (!session) return;
    const own = versionsByName(savedVersions(session.events));
    for (const [filename, versions] of versionsByName(copied)) {
      const ofSession = own.get(filename);
      if (ofSession && [...versions].every((version) => ofSession.has(version))) continue;
      const stored = await artifactService.listVersions({ ...key, filename });
      if (ofSession || stored.some((version) => !versions.has(version))) left.push(filename);
      else await artifactService.deleteArtifact({ ...key, filename });
    }
  } catch (error) {
    logger.warn(`Session ${key.sessionId} may have artifacts that a refused fork has copied.`, {
      error,
    });
  }
  if (left.length > 0)
    logger.warn(
      `Session ${key.sessionId} has versions that a refused fork has copied, of artifacts of its own: ${left.join(", ")}.`,
    );
}

function versionsByName(saved: readonly SavedVersion[]): Map<string, Set<number>> {
  const byName = new Map<string, Set<number>>();
  for (const { filename, version } of saved) {
    const versions = byName.get(filename);
    if (versions) versions.add(version);
    else byName.set(filename, new Set([version]));
  }
  return byName;
}
