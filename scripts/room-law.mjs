// The rooms of packages/core/src and which may see which. This table is the law; `.oxlintrc.json` carries what it makes.
//
//   node scripts/room-law.mjs           writes the overrides into .oxlintrc.json
//   node scripts/room-law.mjs --check   exits 1 when they differ from the table, or when a room has no floor

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const CONFIG = new URL("../.oxlintrc.json", import.meta.url);
const SOURCES = new URL("../packages/core/src/", import.meta.url);
const SRC = "packages/core/src";

/** From the ground up. A room sees the lines above its own in this list; rooms of one line never see each other. */
export const STAIRS = [
  ["errors"],
  ["internal"],
  ["telemetry"],
  ["content"],
  ["models"],
  ["events"],
  ["log"],
  ["sessions", "artifacts", "memory", "auth"],
  ["context"],
  ["tools", "code-executors"],
  ["plugins", "planners"],
  ["flows"],
  ["agents"],
  ["app"],
  ["runner"],
  ["testing"],
];

/** Packages that only some rooms may name. */
const GUESTS = [
  {
    specifier: "^@google/genai(?:/|$)",
    rooms: ["content", "models/gemini"],
    typesOnlyIn: ["content"],
    message:
      "content/ names the types of @google/genai, models/gemini/ loads it; import those rooms.",
  },
  {
    specifier: "^@opentelemetry/",
    rooms: ["telemetry"],
    typesOnlyIn: [],
    message: "only telemetry/ speaks @opentelemetry/api; import that room.",
  },
];

/** The overrides of `.oxlintrc.json`, one for each room and one for the main door. */
export function overrides() {
  const rooms = STAIRS.flatMap((line, floor) =>
    line.map((room) => {
      const above = STAIRS.slice(floor)
        .flat()
        .filter((other) => other !== room);
      const files = room === "errors" ? [`${SRC}/errors.ts`] : [`${SRC}/${room}/**`];
      return override(files, [upward(room, above), ...everywhere(room)]);
    }),
  );
  return [
    ...rooms,
    override(
      [`${SRC}/models/gemini/**`],
      [upward("models", STAIRS.slice(5).flat()), ...everywhere("models/gemini")],
    ),
    override(
      [`${SRC}/index.ts`],
      [
        {
          regex: "^\\./testing/",
          message: "the main door does not open testing/: @adk/core/testing does.",
        },
        ...everywhere("index").filter(({ message }) => !message.includes("barrel")),
      ],
    ),
    {
      files: [`${SRC}/**/*.test.ts`],
      rules: { "typescript/no-restricted-imports": "off" },
    },
  ];
}

function override(files, patterns) {
  return {
    files,
    rules: {
      "typescript/no-restricted-imports": ["error", { patterns: patterns.filter(Boolean) }],
    },
  };
}

/** Values come from below only; a type may name a record's owner above. */
function upward(room, above) {
  if (above.length === 0) return undefined;
  const path = room === "errors" ? "^\\.{1,2}/" : `^(?:\\.\\./)+(?:${above.join("|")})(?:/|$)`;
  return {
    regex: path,
    allowTypeImports: true,
    message: `${room}/ imports values only from the rooms below it; these stand beside or above it (CONTRIBUTING, "The rooms").`,
  };
}

function everywhere(room) {
  return [
    {
      regex: "/index(?:\\.[jt]s)?$",
      message: "import the file, not a room's barrel.",
    },
    {
      regex: room === "testing" ? "^node:(?:[^ac]|a[^s]|c[^h])" : "^node:",
      message:
        room === "testing"
          ? "the kits use web-standard APIs, node:assert/strict and, loaded when a case needs it, node:child_process."
          : "core uses web-standard APIs only.",
    },
    ...GUESTS.flatMap(({ specifier, rooms, typesOnlyIn, message }) =>
      rooms.includes(room)
        ? typesOnlyIn.includes(room)
          ? [{ regex: specifier, allowTypeImports: true, message }]
          : []
        : [{ regex: specifier, message }],
    ),
  ];
}

/** Folders of packages/core/src that the table does not know. */
export function unknownRooms() {
  const known = new Set(STAIRS.flat());
  return readdirSync(SOURCES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !known.has(entry.name))
    .map((entry) => entry.name);
}

function isMade({ files }) {
  return files.every((file) => file.startsWith(`${SRC}/`));
}

/** What `.oxlintrc.json` holds now, and what it should hold. */
export function compare() {
  const config = JSON.parse(readFileSync(CONFIG, "utf8"));
  const kept = (config.overrides ?? []).filter((entry) => !isMade(entry));
  const wanted = { ...config, overrides: [...kept, ...overrides()] };
  return { wanted, inSync: JSON.stringify(config) === JSON.stringify(wanted) };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { wanted, inSync } = compare();
  const unknown = unknownRooms();
  if (unknown.length > 0) {
    console.error(
      `These folders of ${SRC} stand on no floor: ${unknown.join(", ")}. Give them one in scripts/room-law.mjs.`,
    );
    process.exitCode = 1;
  }
  if (!process.argv.includes("--check")) {
    writeFileSync(CONFIG, JSON.stringify(wanted, null, 2) + "\n");
    console.log("Wrote the rooms into .oxlintrc.json; `npm run fix` formats it.");
  } else if (!inSync) {
    console.error(
      ".oxlintrc.json does not carry the rooms as scripts/room-law.mjs has them. Run: node scripts/room-law.mjs",
    );
    process.exitCode = 1;
  }
}
