/** circom as the npm package circom2 has it: WebAssembly, compiled here. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { CircomModule } from './run-circom.js';

const require = createRequire(import.meta.url);

/** The part used of the global that only the DOM's type library declares. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<CircomModule> };

/** Where the WebAssembly is. */
export const CIRCOM_FILE = require.resolve('circom2/circom.wasm');

/** Identifies the compiler in cache keys. */
export const CIRCOM_VERSION = `circom2-${(require('circom2/package.json') as { version: string }).version}`;

export function loadCircom(): Promise<CircomModule> {
  return WebAssembly.compile(fs.readFileSync(CIRCOM_FILE));
}
