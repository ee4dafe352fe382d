import type { ArtifactStore, EraseArtifactsCommand } from "@adk/core";
import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { BucketRequests } from "../../src/bucket-requests.ts";
import { Keys } from "../../src/keys.ts";
import { RequestContext } from "../../src/request-context.ts";
import { S3ArtifactStore } from "../../src/s3-artifact-store.ts";
import type { S3ArtifactStoreOptions } from "../../src/store-options.ts";
import type { S3SubjectOptions } from "./subject.ts";

/** This adapter with one difference, and cases of the kit that find it. */
export interface Broken {
  readonly name: string;
  readonly subject: S3SubjectOptions;
  readonly fails: readonly string[];
}

interface SentRequest {
  readonly method: string;
  path: string;
  readonly headers: Record<string, string>;
}

/** Changes requests before they are signed. */
function sending(change: (request: SentRequest) => void): S3SubjectOptions {
  return {
    client: (client) =>
      client.middlewareStack.add(
        (next) => async (context) => {
          change(context.request as SentRequest);
          return await next(context);
        },
        { step: "build", priority: "low", name: "broken" },
      ),
  };
}

/** A store of which some commands do something else. */
function instead(
  commands: (store: S3ArtifactStore, options: S3ArtifactStoreOptions) => Partial<ArtifactStore>,
): S3SubjectOptions {
  return {
    store(options) {
      const store = new S3ArtifactStore(options);
      const changed = commands(store, options);
      return new Proxy<ArtifactStore>(store, {
        get(target, name) {
          const member: unknown = Reflect.get(name in changed ? changed : target, name);
          return typeof member === "function" ? (member.bind(store) as unknown) : member;
        },
      });
    },
  };
}

async function keysBelow(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return (page.Contents ?? []).map(({ Key = "" }) => Key);
}

const isVersion = ({ path }: SentRequest): boolean => /\/\d{10}-\d{10}$/.test(path);

export const broken: readonly Broken[] = [
  {
    name: "sends no condition with a version",
    subject: sending((request) => {
      delete request.headers["if-none-match"];
    }),
    fails: ["save-race-distinct-versions", "check-fit"],
  },
  {
    name: "sends no write id",
    subject: sending((request) => {
      if (isVersion(request)) delete request.headers["x-amz-meta-adk-write"];
    }),
    fails: ["fault-lost-reply"],
  },
  {
    name: "asks for no range",
    subject: sending((request) => {
      delete request.headers["range"];
    }),
    fails: ["open-range"],
  },
  {
    name: "sends keys in lower case",
    subject: sending((request) => {
      request.path = request.path.toLowerCase();
    }),
    fails: ["names-case-and-form"],
  },
  {
    name: "removes what says that a name was deleted",
    subject: instead((store, { client, bucket, prefix = "" }) => ({
      async erase(command: EraseArtifactsCommand) {
        await store.erase(command);
        if (command.filename === undefined) return;
        for (const Key of await keysBelow(client, bucket, new Keys(prefix).name(command)))
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    })),
    fails: ["delete-restarts-at-zero"],
  },
  {
    name: "frees the places between the first and the end of a name that was deleted",
    subject: instead((store, { client, bucket, prefix = "" }) => ({
      async erase(command: EraseArtifactsCommand) {
        await store.erase(command);
        if (command.filename === undefined) return;
        const places = await keysBelow(client, bucket, new Keys(prefix).name(command));
        for (const Key of places.slice(1, -1))
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    })),
    fails: ["delete-restarts-for-all"],
  },
  {
    name: "lists names that were deleted",
    subject: instead((_store, { client, bucket, prefix = "" }) => ({
      async list(scope) {
        const versions = new Keys(prefix).versions(scope);
        const keys = await keysBelow(client, bucket, versions);
        return [...new Set(keys.map((key) => key.slice(versions.length).split("/")[0] ?? ""))];
      },
    })),
    fails: ["delete-removes-all-versions", "names-nested"],
  },
  {
    name: "reads a listing's first page alone",
    subject: instead((_store, options) => ({
      async versions(key) {
        const [bucket, keys] = [
          new BucketRequests(new RequestContext(options)),
          new Keys(options.prefix ?? ""),
        ];
        const { objects } = await bucket.list({ prefix: keys.name(key) });
        return objects.toReversed().map((object, version) => ({
          version,
          createTime: object.modified,
          metadata: { kind: "text" as const, size: object.size, sha256: "" },
          canonicalUri: object.key,
        }));
      },
    })),
    fails: ["versions-beyond-a-page"],
  },
  {
    name: "copies records and leaves the bytes where they are",
    subject: instead((store, { client, bucket, prefix = "" }) => ({
      async copy(command) {
        await store.copy(command);
        const scope = { ...command, sessionId: command.to };
        for (const Key of await keysBelow(client, bucket, new Keys(prefix).blobs(scope)))
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    })),
    fails: ["copy-all"],
  },
  {
    name: "leaves what belongs to the user when the user is erased",
    subject: instead((store, { client, bucket, prefix = "" }) => ({
      async erase(command: EraseArtifactsCommand) {
        if (command.filename !== undefined || command.sessionId !== undefined)
          return await store.erase(command);
        const keys = new Keys(prefix);
        for (const Key of await keysBelow(client, bucket, `${keys.user(command)}s/`))
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    })),
    fails: ["delete-user-artifacts"],
  },
  {
    name: "remembers the latest version",
    subject: instead((store) => {
      const latest = new Map<string, number>();
      return {
        async open(command, signal) {
          const name = JSON.stringify([command.sessionId, command.filename]);
          const version = command.version ?? latest.get(name);
          const opened = await store.open(
            version === undefined ? command : { ...command, version },
            signal,
          );
          if (opened && command.version === undefined) latest.set(name, opened.version);
          return opened;
        },
      };
    }),
    fails: ["load-latest"],
  },
  {
    name: "publishes an upload whose checksum is another",
    subject: instead((store) => ({
      async completeUpload(command, signal) {
        const { sha256: _ignored, ...metadata } = command.metadata;
        return await store.completeUpload({ ...command, metadata }, signal);
      },
    })),
    fails: ["url-upload"],
  },
];
