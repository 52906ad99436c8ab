/**
 * Objects on disk, by the hash of all that determines them. Entries are written under a temporary name and renamed, and carry a hash
 * of their content: a torn or altered one is treated as absent.
 */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { circomArguments, gadgetProgram, type CompiledGadget } from './compile-gadget.js';
import type { GadgetSpec } from '../gadgets/index.js';
import { CIRCOM_VERSION } from './run-circom.js';
import { gadgetSources } from './sources.js';

/** Gadgets that came with the package: what `npm run build` compiled ahead (package-gadgets.ts). Absent or outdated, it is as if it were not there. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../dist/packaged', import.meta.url));

/** Hash of sources, parameters, flags and compiler: two gadgets with one hash compile to the same bytes. */
export function objectHash(spec: GadgetSpec): string {
  return createHash('sha256').update(JSON.stringify([CIRCOM_VERSION, circomArguments(spec), gadgetProgram(spec), sourcesHash(spec.template)])).digest('hex');
}

const sourcesHashes = new Map<string, string>();

/** Computed once in a process: a Poseidon's sources are a megabyte of constants. */
function sourcesHash(template: string): string {
  let known = sourcesHashes.get(template);
  if (known === undefined) {
    const hash = createHash('sha256');
    for (const [file, text] of [...gadgetSources(template)].sort()) hash.update(JSON.stringify([file, text]));
    known = hash.digest('hex');
    sourcesHashes.set(template, known);
  }
  return known;
}

/** The stored gadget, or undefined if there is none that is whole. */
export function readObject(folder: string, hash: string): CompiledGadget | undefined {
  try {
    const entry = fs.readFileSync(entryPath(folder, hash));
    const content = entry.subarray(32);
    if (!digest(content).equals(entry.subarray(0, 32))) return undefined;
    const length = content.readUInt32LE(0);
    return { r1cs: content.subarray(4, 4 + length), sym: content.subarray(4 + length).toString('utf8') };
  } catch {
    return undefined;
  }
}

/** Removes every entry but those of these hashes. */
export function keepOnly(folder: string, hashes: readonly string[]): void {
  const kept = new Set(hashes.map((hash) => entryPath(folder, hash)));
  for (const name of fs.readdirSync(path.join(folder, 'gadgets')).filter((file) => file.endsWith('.object'))) {
    const entry = path.join(folder, 'gadgets', name);
    if (!kept.has(entry)) fs.rmSync(entry, { force: true });
  }
}

/** Stores a gadget; a folder that cannot be written only costs time at the next compile, so failure is silent. */
export function writeObject(folder: string, hash: string, gadget: CompiledGadget): void {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(gadget.r1cs.length);
  const content = Buffer.concat([length, gadget.r1cs, Buffer.from(gadget.sym, 'utf8')]);
  const target = entryPath(folder, hash);
  const temporary = `${target}.tmp-${randomBytes(6).toString('hex')}`;
  try {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    try {
      fs.writeFileSync(temporary, Buffer.concat([digest(content), content]));
      fs.renameSync(temporary, target);
    } finally {
      fs.rmSync(temporary, { force: true });
    }
  } catch {
    return;
  }
}

function entryPath(folder: string, hash: string): string {
  return path.join(folder, 'gadgets', `${hash}.object`);
}

function digest(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
