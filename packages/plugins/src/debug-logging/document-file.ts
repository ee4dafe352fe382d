import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { stringify } from "yaml";

/** A file that YAML documents are added to, whole and one after the other. */
export class DocumentFile {
  readonly path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves when the document is in the file. A file that is made here is readable for its owner only. */
  async append(document: object): Promise<void> {
    const text = `---\n${stringify(document, { aliasDuplicateObjects: false })}`;
    const write = async (): Promise<void> => {
      await mkdir(dirname(this.path), { recursive: true });
      await appendFile(this.path, text, { mode: 0o600 });
    };
    const written = this.#last.then(write, write);
    this.#last = written.catch(() => undefined);
    await written;
  }
}
