/**
 * What an application installs beside a package and core: the peers that must be there, in the oldest version that the
 * package takes or in the newest.
 *
 * @returns versions or ranges by name.
 */
export function driversOf(manifests, age) {
  const peers = {};
  for (const { peerDependencies = {}, peerDependenciesMeta = {} } of manifests)
    for (const [peer, range] of Object.entries(peerDependencies))
      if (!peer.startsWith("@adk/") && peerDependenciesMeta[peer]?.optional !== true)
        peers[peer] = age === "oldest" ? /[\d.]+/.exec(range)[0] : range;
  return peers;
}
