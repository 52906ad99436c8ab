/** The files of a compiled build, in values: what `writeBuild` writes. */
import type { CompiledModel } from './compile-model.js';

/** The large arrays of the integer model. */
export const WEIGHTS = 'weights.bin';

/** Contents of the files that `compile` writes, by name, in pieces: a large system does not fit one buffer. */
export type BuildFiles = Readonly<Record<string, () => Iterable<Uint8Array | string>>>;

/** The files of a compiled build, manifest not among them. */
export function buildFiles({ files }: Pick<CompiledModel, 'files'>): BuildFiles {
  return files;
}
