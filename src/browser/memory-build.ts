/** A build that is nowhere but in memory: given keys, and opened as an exported one is. */
import type { VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { WEB_FILES, WEB_INDEX, type WebIndex } from '../workflow/web-index.js';
import type { BuildInMemory } from './compile-protocol.js';
import { hashOf } from './fetching.js';

/** Files by name, and the manifest among them as a build folder has it. */
export function withManifest(
  manifest: Manifest,
  files: Iterable<readonly [string, Uint8Array]>,
): ReadonlyMap<string, Uint8Array> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return new Map([...files, [WEB_FILES.manifest, new TextEncoder().encode(text)]]);
}

/** What a build changes in when it gets development keys: its manifest, and the files that are new. */
export async function keysFor(
  build: Manifest,
  key: Uint8Array,
  verificationKey: VerificationKey,
): Promise<Pick<BuildInMemory, 'manifest' | 'files'>> {
  const system = proofSystemOf(build);
  const files: [string, Uint8Array][] = [
    [system.files.verificationKey, new TextEncoder().encode(system.keyToJson(verificationKey))],
    [system.files.provingKey, key],
  ];
  const hashes: Record<string, string> = { ...build.files };
  for (const [name, bytes] of files) hashes[name] = await hashOf(bytes);
  const manifest: Manifest = { ...build, keys: { kind: 'development', backend: 'wasm' }, files: hashes };
  return { manifest, files: withManifest(manifest, files) };
}

const PIECE_BYTES = 1 << 20;

/** What `zkinfer export-web` writes of a build, by address below `folder`; nothing of it is compressed. */
export async function webFilesOf(
  { manifest, files, poseidon }: Pick<BuildInMemory, 'manifest' | 'files' | 'poseidon'>,
  folder: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { provingKey, verificationKey } = proofSystemOf(manifest).files;
  const web = new Map<string, Uint8Array>();
  const entries: WebIndex['files'] = {};
  const add = async (name: string, bytes: Uint8Array | undefined): Promise<void> => {
    if (bytes === undefined) return;
    web.set(`${folder}${name}`, bytes);
    entries[name] = { path: name, compressed: bytes.length, bytes: bytes.length, sha256: await hashOf(bytes) };
  };
  for (const name of [WEB_FILES.manifest, WEB_FILES.model, WEB_FILES.weights, WEB_FILES.plan, verificationKey])
    await add(name, files.get(name));
  await add(WEB_FILES.poseidon, poseidon === undefined ? undefined : new TextEncoder().encode(poseidon));
  const key = files.get(provingKey) ?? new Uint8Array();
  const pieces: string[] = [];
  for (let at = 0; at < key.length; at += PIECE_BYTES) pieces.push(await hashOf(key.subarray(at, at + PIECE_BYTES)));
  const sha256 = await hashOf(key);
  const index: WebIndex = {
    format: 'zkinfer-web',
    version: 1,
    name: manifest.name,
    files: entries,
    key: { path: provingKey, bytes: key.length, sha256, pieceBytes: PIECE_BYTES, pieces },
  };
  web.set(`${folder}${provingKey}`, key);
  web.set(`${folder}${WEB_INDEX}`, new TextEncoder().encode(JSON.stringify(index)));
  return web;
}
