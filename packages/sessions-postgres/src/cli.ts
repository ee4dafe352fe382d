#!/usr/bin/env node
import { parseArgs } from "node:util";
import { AdkError } from "@adk/core";
import { LATE_INDEXES } from "./migrations.ts";
import { lateIndexSql } from "./schema-script.ts";
import { schemaSql } from "./schema.ts";

const USAGE = `adk-sessions-postgres sql [--schema adk] [--role name]...

Prints the schema as SQL, one transaction and the builds of indexes after it, harmless when repeated: for an administrator
to run with psql, where the application's role may not create it. --role grants a role what it needs to use it.
`;

process.exitCode = main(process.argv.slice(2));

function main(words: string[]): number {
  try {
    const { positionals, values } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        schema: { type: "string", default: "adk" },
        role: { type: "string", multiple: true, default: [] },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (positionals.length === 1 && positionals[0] === "sql") {
      const indexes = LATE_INDEXES.map((index) => `${lateIndexSql(values.schema, index)};\n`);
      process.stdout.write(
        `begin;\n${schemaSql(values.schema, values.role)}commit;\n${indexes.join("")}`,
      );
      return 0;
    }
    process.stderr.write(
      positionals.length === 0
        ? "A command is missing: `sql`.\n"
        : `There is no command \`${positionals.join(" ")}\`: say \`sql\`.\n`,
    );
  } catch (error) {
    // What `parseArgs` throws names the word that it does not know.
    const isOurs = AdkError.isInstance(error) || error instanceof TypeError;
    if (!isOurs) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  process.stderr.write(USAGE);
  return 1;
}
