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

/** Most processes at a time; each holds some 100 MB. */
const MOST_CHILDREN = 4;

/** Milliseconds that a process without work is kept: starting one takes as long as compiling a handful of gadgets. */
const KEPT_MS = 10_000;

/** Processes without work, which keep nobody alive, and what ends each when its time is over. */
const idle = new Map<ChildProcess, NodeJS.Timeout>();

function takeChild(): ChildProcess {
  const [kept] = idle.keys();
  if (kept === undefined) {
    const started = fork(CHILD, {
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return started.once('exit', () => forget(started));
  }
  forget(kept);
  kept.ref();
  kept.channel?.ref();
  return kept;
}

function forget(child: ChildProcess): void {
  clearTimeout(idle.get(child));
  idle.delete(child);
}

/** Keeps a process for the next call, without keeping this one alive for it. */
function putBack(child: ChildProcess): void {
  if (!child.connected) return;
  if (idle.size >= MOST_CHILDREN) {
    child.disconnect();
    return;
  }
  child.unref();
  child.channel?.unref();
  const end = (): void => {
    forget(child);
    if (child.connected) child.disconnect();
  };
  idle.set(child, setTimeout(end, KEPT_MS).unref());
}

async function compileAll(specs: readonly GadgetSpec[]): Promise<CompiledGadget[]> {
  const results: CompiledGadget[] = new Array(specs.length);
  let next = 0;
  const work = async (): Promise<void> => {
    const child = takeChild();
    try {
      while (next < specs.length) {
        const index = next++;
        results[index] = await compileIn(child, specs[index]);
      }
    } finally {
      next = specs.length;
      putBack(child);
    }
  };
  // A second process pays where it has more than one gadget to compile.
  const count = Math.min(os.availableParallelism(), Math.ceil(specs.length / 2), MOST_CHILDREN);
  const ends = await Promise.allSettled(Array.from({ length: count }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

function compileIn(child: ChildProcess, spec: GadgetSpec): Promise<CompiledGadget> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new CircomError(`${gadgetKey(spec)}: ${reason}`));
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`the compiling process ended (${signal ?? code})`);
    const onMessage = ({ compiled, failure }: { compiled?: CompiledGadget; failure?: string }): void => {
      child.removeListener('exit', onExit);
      if (compiled) resolve(compiled);
      else fail(failure!);
    };
    child.once('exit', onExit).once('message', onMessage);
    child.send(spec, (error) => {
      if (!error) return;
      child.removeListener('exit', onExit).removeListener('message', onMessage);
      fail(`the compiling process cannot be reached: ${error.message}`);
    });
  });
}
