// Loaded by `--import` into Node 22, which runs TypeScript but does not know `using`: what says `using` is lowered, as a build
// lowers it. So tests, and the processes that they start, run from their sources on the oldest Node too.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const USING = /^\s*(?:await )?using \w+ = /m;

registerHooks({
  load(url, context, nextLoad) {
    if (!/^file:.*\.ts$/.test(url)) return nextLoad(url, context);
    const sourcefile = fileURLToPath(url);
    const text = readFileSync(sourcefile, "utf8");
    if (!USING.test(text)) return nextLoad(url, context);
    const { code } = transformSync(text, {
      loader: "ts",
      target: "node22.18",
      sourcemap: "inline",
      sourcefile,
    });
    return { format: "module", source: code, shortCircuit: true };
  },
});
