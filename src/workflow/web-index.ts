/**
 * `web.json`: what a folder on a web server holds of a build, so that a browser can prove (`zkinfer export-web` writes it).
 * Files but the key are compressed by gzip, whatever the server does; what they hold is checked against the manifest's
 * hashes. The key is cut into pieces with a hash each, so that it is checked while it arrives, and a download that broke
 * off goes on where it stopped.
 */
import { z } from 'zod';

export const WEB_INDEX = 'web.json';

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
/** A name, not a path: nothing outside the folder is fetched. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);
const MOST_BYTES = 2 ** 32 - 2 ** 26;
const bytes = z.number().int().nonnegative().max(MOST_BYTES);

export const webIndexSchema = z.object({
  format: z.literal('zkinfer-web'),
  version: z.literal(1),
  /** The build's name, for people. */
  name: z.string().max(200),
  /** By name in the build: where it is, its size there and its size when decompressed, and the hash of what it holds. */
  files: z.record(fileName, z.object({ path: fileName, compressed: bytes, bytes, sha256: hash })),
  key: z.object({
    path: fileName,
    bytes,
    /** Of the whole key, as in the manifest. */
    sha256: hash,
    /** Bytes of every piece but the last. */
    pieceBytes: z
      .number()
      .int()
      .min(1 << 12)
      .max(1 << 26),
    pieces: z.array(hash),
  }),
});
export type WebIndex = z.infer<typeof webIndexSchema>;

/** Files that a witness needs, in the order in which they are wanted; the proof system names its keys'. */
export const WEB_FILES = {
  manifest: 'manifest.json',
  model: 'integer-model.json',
  weights: 'weights.bin',
  plan: 'circuit.plan',
  /** Constants of Poseidon for the widths that the circuit has; absent where it hashes nothing. */
  poseidon: 'poseidon.json',
} as const;
