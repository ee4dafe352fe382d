// npm start: the assistant in the terminal. Arguments after `--` are the assistant's.
import { runNode } from "./run-node.mjs";

runNode("apps/assistant/main.ts");
