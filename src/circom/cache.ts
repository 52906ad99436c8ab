/** Compiled gadgets on disk, by all that determines them: sources, parameters, flags and compiler. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Store, type Recipe } from '../cache.js';
import { circomArguments, gadgetProgram, type CompiledGadget } from './compile-gadget.js';
import type { GadgetSpec } from '../gadgets/index.js';
import { CIRCOM_VERSION } from './load-circom.js';
import { decodeObject, encodeObject } from './object-file.js';
import { gadgetSources } from './sources.js';

/**
 * Gadgets that came with the package: what `npm run build` compiled ahead (package-gadgets.ts). Where the folder is
 * missing or outdated, the gadgets are compiled.
 */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../dist/packaged', import.meta.url));

/** What a gadget is made from: two gadgets with one recipe compile to the same bytes. */
export function gadgetRecipe(spec: GadgetSpec): Recipe {
  return {
    compiler: CIRCOM_VERSION,
    arguments: circomArguments(spec),
    program: gadgetProgram(spec),
    sources: sourceHashes(spec.template),
  };
}

const known = new Map<string, readonly (readonly [string, string])[]>();

/** SHA-256 of each source file. Computed once in a process: a Poseidon's sources are a megabyte of constants. */
function sourceHashes(template: string): readonly (readonly [string, string])[] {
  let hashes = known.get(template);
  if (hashes === undefined) {
    hashes = [...gadgetSources(template)]
      .sort()
      .map(([file, text]) => [file, createHash('sha256').update(text).digest('hex')] as const);
    known.set(template, hashes);
  }
  return hashes;
}

/** The gadgets kept in a folder: the package's own, or one of the user's. */
export function gadgetStore(folder: string): Store {
  return new Store(folder, 'gadgets', { installed: folder === PACKAGE_FOLDER });
}

/** The stored gadget, or undefined if there is none that is whole. */
export function readObject(store: Store, recipe: Recipe): CompiledGadget | undefined {
  const content = store.read(recipe);
  return content === undefined || content.length < 4 ? undefined : decodeObject(content);
}

/** Stores a gadget, if the folder can be written. */
export function writeObject(store: Store, recipe: Recipe, gadget: CompiledGadget): void {
  store.write(recipe, encodeObject(gadget));
}
