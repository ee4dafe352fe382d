import { giveUp, ROOT } from "../setup.mjs";
import { publicPackages } from "./public-packages.mjs";

/** The published folders that the arguments name; without one, all. With `--help` it prints the text and ends the process. */
export function choosePackages(help) {
  const args = process.argv.slice(2);
  const known = publicPackages(ROOT).map(({ folder }) => folder);
  if (args.includes("--help")) {
    process.stdout.write(
      `${help}\n\nThe packages are: ${known.join(", ")}. Without a name, all of them.\n`,
    );
    process.exit(0);
  }
  const unknown = args.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    giveUp(`No package ${unknown.join(", ")} is published: there are ${known.join(", ")}.`);
  return args.length > 0 ? args : known;
}
