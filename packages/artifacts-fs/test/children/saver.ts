/** A process that saves numbered texts under one name: `saver.ts ROOT NAME COUNT`. It prints each text and its version. */
import { FileArtifactService } from "@adk/artifacts-fs";
import { writeSync } from "node:fs";

const [root = "", name = "", count = "0"] = process.argv.slice(2);
const key = { appName: "app", userId: "user", sessionId: "session", filename: "shared" };
await using service = new FileArtifactService(root);
for (let n = 0; n < Number(count); n++) {
  const text = `${name}-${n}`;
  const version = await service.saveArtifact({ ...key, artifact: { text } });
  writeSync(1, `${text} ${version}\n`);
}
