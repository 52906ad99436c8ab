/** Powers of tau written by hand, for tests of files larger than snarkjs makes in seconds. */

/** Bytes of a point of G1 and of G2 in a file, uncompressed, in Montgomery form. */
const [G1_BYTES, G2_BYTES] = [64, 128];

/**
 * A prepared file of 2^power powers of tau = 1, with alpha = beta = 1: every power is the generator, and of each
 * Lagrange basis all but the first point are at infinity. Of the form that snarkjs reads (version 1), with no
 * contribution recorded. Prime and generators are those of a file that snarkjs wrote, which begins with its header and
 * the powers in G1 and G2.
 */
export function powersOfOne(power: number, other: Buffer): Buffer {
  const domain = 2 ** power;
  const prime = other.subarray(28, 60);
  const g1 = other.subarray(80, 80 + G1_BYTES);
  const g2Start = 80 + G1_BYTES * (2 ** (other.readUInt32LE(60) + 1) - 1) + 12;
  const g2 = other.subarray(g2Start, g2Start + G2_BYTES);
  const header = Buffer.alloc(44);
  header.writeUInt32LE(32, 0);
  header.set(prime, 4);
  header.writeUInt32LE(power, 36);
  header.writeUInt32LE(power, 40);
  const sections: [number, Buffer][] = [
    [1, header],
    [2, repeated(g1, 2 * domain - 1)],
    [3, repeated(g2, domain)],
    [4, repeated(g1, domain)],
    [5, repeated(g1, domain)],
    [6, Buffer.from(g2)],
    [7, Buffer.alloc(4)],
    [12, lagrange(g1, G1_BYTES, power + 1)],
    [13, lagrange(g2, G2_BYTES, power)],
    [14, lagrange(g1, G1_BYTES, power)],
    [15, lagrange(g1, G1_BYTES, power)],
  ];
  const start = Buffer.alloc(12);
  start.write('ptau');
  start.writeUInt32LE(1, 4);
  start.writeUInt32LE(sections.length, 8);
  return Buffer.concat([start, ...sections.flatMap(([kind, bytes]) => [sectionHead(kind, bytes.length), bytes])]);
}

function sectionHead(kind: number, length: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(kind, 0);
  head.writeBigUInt64LE(BigInt(length), 4);
  return head;
}

function repeated(point: Uint8Array, count: number): Buffer {
  return Buffer.alloc(point.length * count, point);
}

/**
 * The bases of the domains 1, 2, 4, …, 2^power, one after the other: at tau = 1 the first of each is one, the others
 * zero.
 */
function lagrange(point: Uint8Array, bytes: number, power: number): Buffer {
  const out = Buffer.alloc(bytes * (2 ** (power + 1) - 1));
  for (let level = 0; level <= power; level++) out.set(point, bytes * (2 ** level - 1));
  return out;
}
