import type { TestServer } from "@adk/test-services";
import { digestOf } from "./digest.ts";
import { tellOnDisk } from "./on-disk.ts";
import { tellOnS3 } from "./on-s3.ts";
import { salesReport } from "./sales-report.ts";
import type { Report } from "./writer.ts";

export interface StoryOptions {
  /** Where the story is told. */
  print: (line: string) => void;
  /** A server of S3, its credentials in the URL. */
  s3: Pick<TestServer, "url">;
  /** What the agent's tool writes. */
  report?: Report;
}

/**
 * An agent writes a report into a folder, then on S3; a client opens it by a link, and sends a file that the agent reads.
 *
 * @throws AssertionError when anything of that is not so.
 */
export async function tellStory({ print, s3, report = salesReport }: StoryOptions): Promise<void> {
  const expected = await digestOf(salesReport());
  await tellOnDisk(report, expected, print);
  await tellOnS3(s3, report, expected, print);
}
