import type { Group } from "../bench.ts";
import { expectedOf, programNames, recordExpected, runPrograms } from "../programs.ts";

/** Programs written for the peer: with both, and beside what was recorded. */
export const programs: Group = {
  name: "programs",
  async measure({ ours, peer, record, progress }) {
    progress("programs written for the peer");
    const [withOurs, withPeer] = await Promise.all([runPrograms(ours.url), runPrograms(peer.url)]);
    const names = programNames();
    if (record) for (const name of names) recordExpected(name, withPeer[name] ?? "");
    const outdated = names.filter((name) => withPeer[name] !== expectedOf(name));
    const different = names.filter((name) => withOurs[name] !== withPeer[name]);
    return [
      {
        name: "programs written for @google/adk that print the same",
        must: true,
        ours: [`${names.length - different.length} of ${names.length}`, ...different].join(" "),
        goal: "all",
        met: different.length === 0,
      },
      {
        name: "recordings of these that are up to date",
        must: true,
        ours: [`${names.length - outdated.length} of ${names.length}`, ...outdated].join(" "),
        goal: "all (--record writes them)",
        met: outdated.length === 0,
      },
    ];
  },
};
