/** SHA-256 of bytes that come in pieces, which `crypto.subtle` cannot do. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. Ends the use of this object. */
  digest(): string;
}

/** The runtime's own implementation where it offers one (Node, Deno, Bun), else the one below. */
export function createSha256(): Sha256 {
  return nativeSha256() ?? portableSha256();
}

interface NodeHash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

function nativeSha256(): Sha256 | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  const crypto = process?.getBuiltinModule?.("node:crypto") as
    | { createHash(algorithm: string): NodeHash }
    | undefined;
  const hash = crypto?.createHash("sha256");
  return hash && { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
}

/** FIPS 180-4, about 100 MB/s. */
export function portableSha256(): Sha256 {
  const state = Uint32Array.from(INITIAL);
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  const words = new Uint32Array(64);
  let filled = 0;
  let total = 0;

  const update = (bytes: Uint8Array): void => {
    total += bytes.length;
    for (let start = 0; start < bytes.length;) {
      const taken = Math.min(64 - filled, bytes.length - start);
      block.set(bytes.subarray(start, start + taken), filled);
      filled += taken;
      start += taken;
      if (filled === 64) {
        compress(state, view, words);
        filled = 0;
      }
    }
  };
  const digest = (): string => {
    const size = total;
    // The end: a one bit, zeros up to the last eight bytes of a block, the length in bits.
    const padding = new Uint8Array((filled < 56 ? 56 : 120) - filled + 8);
    padding[0] = 0x80;
    const tail = new DataView(padding.buffer, padding.length - 8);
    tail.setUint32(0, Math.floor(size / 0x2000_0000));
    tail.setUint32(4, (size << 3) >>> 0);
    update(padding);
    return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
  };
  return { update, digest };
}

function compress(state: Uint32Array, block: DataView, words: Uint32Array): void {
  for (let index = 0; index < 16; index++) words[index] = block.getUint32(index * 4);
  for (let index = 16; index < 64; index++) {
    const early = words[index - 15] as number;
    const late = words[index - 2] as number;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[index] = (words[index - 16] as number) + s0 + (words[index - 7] as number) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + s1 + choice + (ROUNDS[index] as number) + (words[index] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + s0 + majority) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries())
    state[index] = (state[index] as number) + word;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

// oxfmt-ignore
const ROUNDS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
