const CANARY = /^0\.0\.0-canary-\d{14}$/;

/**
 * Why these must not be published as canaries: a version that could be taken for a release is gone for ever, and an adapter
 * that asks for another core cannot be installed beside the canary.
 *
 * @param packages `{ name, version, peerDependencies }`, manifests or entries of a plan.
 * @returns a sentence each; none when all are well.
 */
export function notCanaries(packages) {
  const core = packages.find(({ name }) => name === "@adk/core")?.version;
  return packages.flatMap(({ name, version, peerDependencies = {} }) => {
    if (!CANARY.test(version)) return [`${name} has the version ${version}`];
    const range = peerDependencies["@adk/core"] ?? core;
    return range === core ? [] : [`${name} asks for @adk/core ${range}, not ${core}`];
  });
}
