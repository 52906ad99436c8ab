/**
 * `compiler.json`: what a folder on a web server holds so that a browser can compile models (`zkinfer export-compiler`
 * writes it): circom, the gadgets' sources, and gadgets that are compiled ahead. All files are compressed by gzip; what they
 * hold has a hash here.
 */
import { z } from 'zod';
import type { GadgetSpec } from '../gadgets/index.js';

export const COMPILER_INDEX = 'compiler.json';

const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);
/** Far more than any of the files has. */
const bytes = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 26);

export const compilerIndexSchema = z.object({
  format: z.literal('zkinfer-compiler'),
  version: z.literal(1),
  /** The version that wrote it: gadgets of another one make other circuits. */
  toolVersion: z.string().max(100),
  /** Which circom. */
  circom: z.string().max(100),
  files: z.record(
    fileName,
    z.object({ path: fileName, compressed: bytes, bytes, sha256: z.string().regex(/^0x[0-9a-f]{64}$/) }),
  ),
});
export type CompilerIndex = z.infer<typeof compilerIndexSchema>;

export const COMPILER_FILES = {
  circom: 'circom.wasm',
  /** Texts by path, as circom includes them. */
  sources: 'sources.json',
  /** Constants of Poseidon for a state of so many elements. */
  poseidon: (width: number): string => `poseidon-${width}.json`,
  /** A gadget that is compiled ahead; `circom/object-file.ts` has its form. */
  gadget: ({ template, parameters }: GadgetSpec): string =>
    `${[template, ...parameters.map((one) => JSON.stringify(one).replace(/[^\w-]+/g, '_'))].join('-')}.gadget`,
} as const;
