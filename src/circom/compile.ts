/**
 * Gadgets to object files: circom once per template and parameter set, in child processes, through a cache on disk
 * (decision 3 in docs/architecture.md). The trap: compile each gadget as a main component of its own, so that its wires
 * have circom's order whatever else is compiled with it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { cacheFolder, type Recipe, type Store } from '../cache.js';
import { childEnvironment } from '../child-environment.js';
import { ZkinferError } from '../errors.js';
import { gadgetKey, gadgetOf, type GadgetSpec } from '../gadgets/index.js';
import { gadgetRecipe, gadgetStore, PACKAGE_FOLDER, readObject, writeObject } from './cache.js';
import { CircomError } from './circom-error.js';
import type { CompiledGadget } from './compile-gadget.js';
import { distinctGadgets, linkable } from './linkable.js';
import type { GadgetObject } from './object.js';

export { CircomError } from './circom-error.js';
export { gadgetKey } from '../gadgets/index.js';

export interface GadgetCompileOptions {
  /**
   * Where compiled gadgets are kept: the package's own folder is looked through first, then the others in this order;
   * the first named takes the new ones. Default: the user's cache and the package's own. An empty list makes every
   * gadget anew and keeps none.
   */
  readonly gadgetFolders?: readonly string[];
}

/**
 * Objects by `gadgetKey`, each spec once however often it is asked for. Throws CircomError with circom's own message.
 */
export async function compileGadgets(
  specs: Iterable<GadgetSpec>,
  { gadgetFolders = [cacheFolder(), PACKAGE_FOLDER] }: GadgetCompileOptions = {},
): Promise<Map<string, GadgetObject>> {
  const wanted = distinctGadgets(specs);
  const stores = gadgetFolders.map(gadgetStore);
  const searched = [...gadgetFolders]
    .sort((x, y) => Number(y === PACKAGE_FOLDER) - Number(x === PACKAGE_FOLDER))
    .map(gadgetStore);
  const objects = new Map<string, GadgetObject>();
  const absent: { spec: GadgetSpec; recipe: Recipe }[] = [];
  for (const spec of wanted.values()) {
    const recipe = gadgetRecipe(spec);
    const stored = findObject(searched, spec, recipe);
    if (stored === undefined) absent.push({ spec, recipe });
    else objects.set(gadgetKey(spec), stored);
  }
  // The expensive ones first, so that no thread is left alone with one at the end.
  absent.sort((x, y) => gadgetOf(y.spec).simplification - gadgetOf(x.spec).simplification);
  const compiled = await compileAll(absent.map(({ spec }) => spec));
  absent.forEach(({ spec, recipe }, i) => {
    objects.set(gadgetKey(spec), linkable(spec, compiled[i]));
    if (stores.length > 0) writeObject(stores[0], recipe, compiled[i]);
  });
  return objects;
}

/** The first stored object that is one of this gadget; undefined if there is none. */
function findObject(stores: readonly Store[], spec: GadgetSpec, recipe: Recipe): GadgetObject | undefined {
  for (const store of stores) {
    try {
      const stored = readObject(store, recipe);
      if (stored !== undefined) return linkable(spec, stored);
    } catch (error) {
      if (!(error instanceof ZkinferError)) throw error;
    }
  }
  return undefined;
}

/** This file's neighbour, as source or as built. */
const CHILD = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));

async function compileAll(specs: readonly GadgetSpec[]): Promise<CompiledGadget[]> {
  const results: CompiledGadget[] = new Array(specs.length);
  let next = 0;
  const work = async (): Promise<void> => {
    const child = fork(CHILD, {
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      while (next < specs.length) {
        const index = next++;
        results[index] = await compileIn(child, specs[index]);
      }
    } finally {
      next = specs.length;
      if (child.connected) child.disconnect();
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(os.availableParallelism(), specs.length, 4) }, work),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

function compileIn(child: ChildProcess, spec: GadgetSpec): Promise<CompiledGadget> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new CircomError(`${gadgetKey(spec)}: ${reason}`));
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`the compiling process ended (${signal ?? code})`);
    child.once('exit', onExit);
    child.once('message', ({ compiled, failure }: { compiled?: CompiledGadget; failure?: string }) => {
      child.removeListener('exit', onExit);
      if (compiled) resolve(compiled);
      else fail(failure!);
    });
    child.send(spec, (error) => error && fail(`the compiling process cannot be reached: ${error.message}`));
  });
}
