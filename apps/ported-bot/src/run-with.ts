// Runs the bot with the package that its argument names in the place of `@google/adk`: that is the change of the import.
import { registerHooks } from "node:module";

const [target = "@adk/core"] = process.argv.slice(2);

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "@google/adk" ? target : specifier, context),
});
await import("./bot.ts");
