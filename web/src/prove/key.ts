/** The build's verification key, which calls to contracts are encoded with: the file that the manifest names by its hash. */
import type { Manifest } from 'zkinfer/browser';
import type { VerificationKey } from '../../../src/groth16/types.js';

const NAME = 'verification_key.json';
const MOST_BYTES = 2 ** 24;

/** The same of a build that this page compiled. */
export function verificationKeyOf(files: ReadonlyMap<string, Uint8Array>): VerificationKey {
  return JSON.parse(new TextDecoder().decode(files.get(NAME))) as VerificationKey;
}

/** @throws Error where the server has another file than the manifest says */
export async function fetchVerificationKey(
  build: string,
  { files }: Manifest,
  signal?: AbortSignal,
): Promise<VerificationKey> {
  const response = await fetch(`${build}${NAME}.gz`, { signal });
  if (!response.ok || response.body === null)
    throw new Error(`the server answers ${response.status} for the verification key`);
  const reader = response.body.pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    size += value!.length;
    if (size > MOST_BYTES) throw new Error('the verification key is larger than any');
    parts.push(value as Uint8Array<ArrayBuffer>);
  }
  const bytes = await new Blob(parts).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = `0x${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  if (hash !== files[NAME]) throw new Error('the verification key that the server gives is not the one of the build');
  return JSON.parse(new TextDecoder().decode(bytes)) as VerificationKey;
}
