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
import { GadgetError, gadgetKey, gadgetOf, type Gadget, type GadgetSpec } from '../gadgets/index.js';
import { decodeR1cs } from '../r1cs/r1cs-file.js';
import { decodeSym } from '../r1cs/sym-file.js';
import { gadgetRecipe, gadgetStore, PACKAGE_FOLDER, readObject, writeObject } from './cache.js';
import { checkObject } from './check-object.js';
import { CircomError } from './circom-error.js';
import type { CompiledGadget } from './compile-gadget.js';
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
  const wanted = new Map<string, GadgetSpec>();
  for (const spec of specs) {
    known(spec);
    wanted.set(gadgetKey(spec), spec);
  }
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
    const stored = readObject(store, recipe);
    if (stored === undefined) continue;
    try {
      return linkable(spec, stored);
    } catch (error) {
      if (!(error instanceof ZkinferError)) throw error;
    }
  }
  return undefined;
}

/** The spec's gadget. @throws CircomError */
function known(spec: GadgetSpec): Gadget {
  try {
    return gadgetOf(spec);
  } catch (cause) {
    if (cause instanceof GadgetError) throw new CircomError(cause.message, { cause });
    throw cause;
  }
}

function linkable(spec: GadgetSpec, { r1cs, sym }: CompiledGadget): GadgetObject {
  const system = decodeR1cs(r1cs);
  const outputCount = system.publicOutputCount;
  const inputCount = system.publicInputCount + system.privateInputCount;
  if (outputCount !== gadgetOf(spec).outputs(spec)) {
    throw new CircomError(
      `${gadgetKey(spec)}: circom gave it ${outputCount} outputs, its definition says ${gadgetOf(spec).outputs(spec)}`,
    );
  }
  // Labels count outputs and inputs first: if each still has its wire, label and wire are the same number.
  const lines = sym.split('\n', outputCount + inputCount);
  if (!lines.every((line, i) => line.startsWith(`${i + 1},${i + 1},`))) {
    throw new CircomError(
      `${gadgetKey(spec)}: circom merged an input or output with another wire; with these parameters no gadget is needed`,
    );
  }
  checkObject(spec, system);
  return {
    spec,
    system,
    outputCount,
    inputCount,
    signals: decodeSym(sym, system.wireCount).map((name) => name.replace(/^main\./, '')),
  };
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
