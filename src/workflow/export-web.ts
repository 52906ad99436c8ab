/** `export-web`: what a web server must serve so that a browser can prove: see `web-index.ts`. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { makeFolder, writeAtomic } from '../atomic-file.js';
import { decodeWitnessPlan } from '../compile/witness-plan-file.js';
import { poseidonConstants } from '../gadgets/poseidon-constants.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { checkBuildFile, readBuildFile, readManifest } from './build-folder.js';
import { readIntegerModel } from './circuit-file.js';
import { readVerificationKey } from './verify.js';
import { WEB_FILES, WEB_INDEX, type WebIndex } from './web-index.js';

/** Bytes of a piece of the key: what is fetched again where a download broke off. */
const PIECE_BYTES = 1 << 20;
const compress = promisify(gzip);

export interface WebExport {
  readonly folder: string;
  /** What a browser fetches before its first proof. */
  readonly bytes: number;
  /** The key's part of it. */
  readonly keyBytes: number;
  /** SHA-256 of `web.json`, which `openBuild` compares where it is given. */
  readonly sha256: string;
}

/**
 * Writes a build for browsers to a folder: `web.json` last, so that a folder with it is whole. `pieceBytes`: of the key.
 * @throws BuildFolderError, OutputError; KeyMismatchError where the build's two keys are not of each other
 */
export async function exportWeb(
  build: string,
  folder: string,
  { pieceBytes = PIECE_BYTES }: { readonly pieceBytes?: number } = {},
): Promise<WebExport> {
  const manifest = await readManifest(build);
  const { provingKey, verificationKey } = proofSystemOf(manifest).files;
  const keyPath = await checkBuildFile(build, manifest, provingKey);
  await readVerificationKey(build);
  const model = await readIntegerModel(build, manifest);
  const plan = decodeWitnessPlan(await readBuildFile(build, manifest, WEB_FILES.plan), model.ops);
  await makeFolder(folder);
  await rm(join(folder, WEB_INDEX), { force: true });

  const files: WebIndex['files'] = {};
  const add = async (name: string, contents: Uint8Array): Promise<void> => {
    const compressed = await compress(contents, { level: 9 });
    const path = `${name}.gz`;
    await writeAtomic(join(folder, path), [compressed]);
    files[name] = { path, compressed: compressed.length, bytes: contents.length, sha256: hashOf(contents) };
  };
  // Only what belongs to the web's build: paths and hashes of other files stay at home.
  await add(WEB_FILES.manifest, new TextEncoder().encode(JSON.stringify(manifest)));
  for (const name of [WEB_FILES.model, WEB_FILES.weights, WEB_FILES.plan, verificationKey])
    if (manifest.files[name] !== undefined) await add(name, await readBuildFile(build, manifest, name));
  const widths = new Set(
    plan.gadgets.flatMap(({ spec }) => (spec.template === 'PoseidonBlock' ? [Number(spec.parameters[0]) + 1] : [])),
  );
  if (widths.size > 0) {
    const constants = Object.fromEntries([...widths].map((width) => [width, poseidonConstants(width)]));
    await add(WEB_FILES.poseidon, new TextEncoder().encode(JSON.stringify(constants)));
  }

  const key = { path: provingKey, bytes: 0, pieces: [] as string[] };
  const source = openSync(keyPath, 'r');
  let sha256: string;
  try {
    sha256 = await writeAtomic(join(folder, provingKey), piecesOf(source, pieceBytes, key));
  } finally {
    closeSync(source);
  }
  const index: WebIndex = {
    format: 'zkinfer-web',
    version: 1,
    name: manifest.name,
    files,
    key: { ...key, sha256, pieceBytes },
  };
  const written = await writeAtomic(join(folder, WEB_INDEX), [`${JSON.stringify(index)}\n`]);
  const small = Object.values(files).reduce((sum, { compressed }) => sum + compressed, 0);
  return { folder, bytes: small + key.bytes, keyBytes: key.bytes, sha256: written };
}

/** A key's pieces, counted and hashed as they pass. */
function* piecesOf(source: number, pieceBytes: number, key: { bytes: number; pieces: string[] }): Iterable<Uint8Array> {
  for (;;) {
    const piece = new Uint8Array(pieceBytes);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < pieceBytes; filled += read)
      read = readSync(source, piece, filled, pieceBytes - filled, null);
    if (filled === 0) return;
    key.bytes += filled;
    key.pieces.push(hashOf(piece.subarray(0, filled)));
    yield piece.subarray(0, filled);
  }
}

function hashOf(bytes: Uint8Array): string {
  return `0x${createHash('sha256').update(bytes).digest('hex')}`;
}
