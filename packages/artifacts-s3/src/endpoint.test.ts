import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { endpointOf } from "./endpoint.ts";

describe("endpointOf", () => {
  it.each<[string, S3ClientConfig]>([
    ["s3.eu-central-1.amazonaws.com", { region: "eu-central-1" }],
    ["s3.cn-north-1.amazonaws.com.cn", { region: "cn-north-1" }],
    [
      "s3-fips.dualstack.us-east-1.amazonaws.com",
      { region: "us-east-1", useFipsEndpoint: true, useDualstackEndpoint: true },
    ],
    ["127.0.0.1:9000", { region: "x", endpoint: "http://127.0.0.1:9000/" }],
    ["s3.example.com", { region: "x", endpoint: "https://key:secret@s3.example.com/path" }],
  ])("is %s", async (expected, config) => {
    const client = new S3Client(config);
    expect(await endpointOf(client)).toBe(expected);
    client.destroy();
  });

  it("is not known without a region", async () => {
    const client = new S3Client({
      region: async (): Promise<string> => await Promise.reject(new Error("Region is missing")),
    });
    expect(await endpointOf(client)).toBeUndefined();
    client.destroy();
  });
});
