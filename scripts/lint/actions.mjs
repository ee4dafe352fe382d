// The actions that workflows use, each at one commit: a tag can be moved, a commit cannot. An input that an action does not know
// is only a warning there, and the step then does something else; so what may be set stands here. From the `action.yml` of each.
export const ACTIONS = {
  "actions/checkout": {
    commit: "3d3c42e5aac5ba805825da76410c181273ba90b1",
    version: "v7.0.1",
    inputs: ["fetch-depth", "persist-credentials", "ref", "repository", "token"],
  },
  "actions/setup-node": {
    commit: "820762786026740c76f36085b0efc47a31fe5020",
    version: "v7.0.0",
    inputs: ["node-version", "node-version-file", "package-manager-cache", "registry-url"],
  },
  "actions/cache": {
    commit: "27d5ce7f107fe9357f9df03efb73ab90386fccae",
    version: "v5.0.5",
    inputs: ["fail-on-cache-miss", "key", "lookup-only", "path", "restore-keys"],
  },
  "actions/create-github-app-token": {
    commit: "1b10c78c7865c340bc4f6099eb2f838309f1e8c3",
    version: "v3.1.1",
    inputs: [
      "client-id",
      "owner",
      "permission-contents",
      "permission-pull-requests",
      "private-key",
      "repositories",
    ],
  },
  ...changesetsActions("8488615a623b1b9c987934bb89eae8af6a946ac1", "v2.1.1"),
};

/** Those of one commit. Version 2 is the one for version 3 of `@changesets/cli`. */
function changesetsActions(commit, version) {
  const inputs = {
    "select-mode": ["cwd"],
    version: [
      "commit-message",
      "cwd",
      "github-token",
      "pr-base-branch",
      "pr-draft",
      "pr-title",
      "push-with-git-cli",
      "script",
    ],
    publish: [
      "create-github-releases",
      "cwd",
      "github-token",
      "pack-dir-artifact-id",
      "push-git-tags",
      "script",
    ],
  };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, known]) => [
      `changesets/action/${name}`,
      { commit, version, inputs: known },
    ]),
  );
}
