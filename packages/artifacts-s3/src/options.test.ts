import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { contentDisposition } from "./presigner.ts";
import { artifactServiceFromUri, S3ArtifactService } from "./s3-artifact-service.ts";
import { S3ArtifactStore } from "./s3-artifact-store.ts";

const client = new S3Client({ region: "us-east-1" });
const bad = { code: "INVALID_ARGUMENT" };

describe("options", () => {
  it.each([
    ["no bucket", { client }],
    ["no client", { bucket: "b" }],
    ["a client that is none", { client: {}, bucket: "b" }],
    ["a misspelt one", { client, bucket: "b", prefx: "p" }],
    ["a bucket with a slash", { client, bucket: "b/c" }],
    ["a prefix that ends with a slash", { client, bucket: "b", prefix: "p/" }],
    ["a prefix that climbs", { client, bucket: "b", prefix: "p/../q" }],
    ["a long prefix", { client, bucket: "b", prefix: "p".repeat(129) }],
    ["an owner that is no account", { client, bucket: "b", expectedBucketOwner: "me" }],
    ["an unknown encryption", { client, bucket: "b", encryption: { type: "rot13" } }],
    ["an encryption without a type", { client, bucket: "b", encryption: {} }],
    ["small parts", { client, bucket: "b", partBytes: 1_000 }],
    ["an unknown condition", { client, bucket: "b", conditional: "azure" }],
    ["tags that are no texts", { client, bucket: "b", tags: { a: 1 } }],
    [
      "eleven tags",
      {
        client,
        bucket: "b",
        tags: Object.fromEntries(Array.from({ length: 11 }, (_item, i) => [`t${i}`, ""])),
      },
    ],
  ])("refuse %s, of the store and of the service", (_of, options) => {
    expect(() => new S3ArtifactStore(options as never)).toThrow(expect.objectContaining(bad));
    expect(() => new S3ArtifactService(options as never)).toThrow(expect.objectContaining(bad));
  });

  it("speak of the class that was made", () => {
    for (const options of [{ client }, { bucket: "b" }]) {
      expect(() => new S3ArtifactService(options as never)).toThrow(/^S3ArtifactService needs `/);
      expect(() => new S3ArtifactStore(options as never)).toThrow(/^S3ArtifactStore needs `/);
    }
  });

  it("name what was probably meant", () => {
    const options = { client, bucket: "b", maxByte: 1 };
    expect(() => new S3ArtifactService(options as never)).toThrow(/Did you mean `maxBytes`/);
  });

  it("leave a client that was given open, and close their own", async () => {
    let destroyed = 0;
    const given = Object.assign(new S3Client({ region: "us-east-1" }), {
      destroy: () => destroyed++,
    }) as unknown as S3Client;
    await new S3ArtifactService({ client: given, bucket: "b" })[Symbol.asyncDispose]();
    expect(destroyed).toBe(0);
    await using service = await S3ArtifactService.connect("s3://b", { region: "us-east-1" });
    await service[Symbol.asyncDispose]();
  });
});

describe("connect", () => {
  const uri = "s3://b?region=us-east-1";
  const keys = { accessKeyId: "a", secretAccessKey: "hush" };

  it.each<[string, unknown, object, RegExp]>([
    ["its options alone", { bucket: "b" }, {}, /takes a URI, then options/],
    ["nothing", undefined, {}, /takes a URI, then options/],
    ["a bucket beside the URI", uri, { bucket: "c" }, /finds the bucket in the URI/],
    ["a client beside the URI", uri, { client }, /makes a client of its own/],
    ["a misspelt option", uri, { regoin: "x" }, /Did you mean `region`/],
    ["no keys", uri, { credentials: {} }, /`accessKeyId` is a text/],
    ["no key", uri, { credentials: { ...keys, accessKeyId: "" } }, /`accessKeyId` is a text/],
    [
      "no secret",
      uri,
      { credentials: { ...keys, secretAccessKey: undefined } },
      /`secretAccessKey` is a text/,
    ],
    ["a blank secret", uri, { credentials: { ...keys, secretAccessKey: " " } }, /secretAccessKey/],
    ["a token that is no text", uri, { credentials: { ...keys, sessionToken: 7 } }, /sessionToken/],
    ["credentials that are a text", uri, { credentials: "a:hush" }, /or a function that gives/],
    ["keys in the endpoint", "s3://b", { endpoint: "https://a:hush@host" }, /without credentials/],
  ])("refuses %s", async (_of, first, options, words) => {
    const error: unknown = await S3ArtifactService.connect(first as string, options).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ ...bad, message: expect.stringMatching(words) as string });
    expect(String(error)).not.toContain("hush");
  });

  it("takes keys, keys with a token, and a function", async () => {
    const credentials = [
      keys,
      { ...keys, sessionToken: "t", expiration: new Date() },
      async () => keys,
    ];
    for (const given of credentials) {
      await using service = await S3ArtifactService.connect(uri, { credentials: given });
      expect(service).toBeInstanceOf(S3ArtifactService);
    }
  });
});

describe("URIs", () => {
  it.each([
    "s3://b",
    "s3://b/",
    "s3://b/p/q?region=eu-central-1",
    "s3://b?endpoint=http://127.0.0.1:9000&forcePathStyle=false&conditional=gcs&storageClass=STANDARD_IA&expectedBucketOwner=123456789012",
  ])("take %s", async (uri) => {
    await using service = await artifactServiceFromUri(uri);
    expect(service).toBeInstanceOf(S3ArtifactService);
  });

  it.each([
    "s3:",
    "s3:///p",
    "file:///b",
    "b",
    "s3://key:secret@b",
    "s3://b/p?prefx=x",
    "s3://b/p#secret",
    "s3://b/a/../../c%2F..",
    "s3://b/secret%zz",
    "s3://b?forcePathStyle=maybe",
    "s3://b?endpoint=ftp://x",
    "s3://b?endpoint=http://key:secret@host",
    "s3://b?bucket=other",
    "s3://b?client=x",
  ])("refuse %s, and do not repeat what may be secret", async (uri) => {
    const error: unknown = await artifactServiceFromUri(uri).catch((reason: unknown) => reason);
    expect(error).toMatchObject(bad);
    expect(String(error)).not.toContain("secret");
  });

  it.each([
    ["s3://b?regoin=x", "Did you mean `region`? It knows: conditional, endpoint, expected"],
    ["s3://b?maxBytes=1000", "`maxBytes` is not for a URI. Pass it beside"],
    ["s3://b?prefix=p", "`prefix` is not for a URI"],
    ["s3://b?credentials=secret", "`credentials` is not for a URI"],
    ["s3://b?region=a&region=b", "says `region` twice"],
    ["s3://b?forcePathStyle=maybe", "`forcePathStyle` must be true or false"],
  ])("say of %s what is wrong", async (uri, words) => {
    const error: unknown = await artifactServiceFromUri(uri).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...bad, message: expect.stringContaining(words) as string });
    expect(String(error)).not.toMatch(/secret|partBytes/);
  });
});

describe("contentDisposition", () => {
  it("gives old clients ASCII, others the name, and nobody a second header", () => {
    expect(contentDisposition("a/Größe 1.txt")).toBe(
      `attachment; filename="Gr__e 1.txt"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.txt`,
    );
    expect(contentDisposition('a"\r\nx: y')).toBe(
      `attachment; filename="a___x: y"; filename*=UTF-8''a%22%0D%0Ax%3A%20y`,
    );
    expect(contentDisposition("a/")).toContain('filename="file"');
  });
});
