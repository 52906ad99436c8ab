/** What the provers are timed on: a circuit of a given size, a witness for it, and development keys. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import { decodeWtns } from '../r1cs/witness.js';

/** `nn`: wires as a neural network's circuit has them, nearly all bits and small integers. `full`: all random. */
export type WitnessKind = 'nn' | 'full';

export interface Workload {
  readonly kind: WitnessKind;
  /** The domain has 2^power points. */
  readonly power: number;
  readonly zkey: string;
  readonly wtns: string;
  /** Every wire, 32 bytes little-endian each. */
  readonly witness: Uint8Array;
  readonly verificationKey: VerificationKey;
  /** Development keys from the circuit, in process. */
  readonly setupMs: number;
}

const PROGRAMS = fileURLToPath(new URL('../../native/target/release/', import.meta.url));
const BUILD = fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url));

let built = false;

/** A program of the native crate, built first where its sources are newer. */
export function nativeProgram(name: 'zkinfer-prover' | 'zkinfer-synth'): string {
  if (!built) execFileSync(process.execPath, [BUILD, '--programs'], { stdio: ['ignore', 'ignore', 'inherit'] });
  built = true;
  return join(PROGRAMS, name);
}

/** Makes the files of one workload below `directory`. */
export async function makeWorkload(
  backend: Groth16Backend,
  kind: WitnessKind,
  power: number,
  directory: string,
): Promise<Workload> {
  const folder = join(directory, `${kind}-${power}`);
  mkdirSync(folder, { recursive: true });
  const [r1cs, wtns, zkey] = ['circuit.r1cs', 'witness.wtns', 'proving.zkey'].map((name) => join(folder, name));
  execFileSync(nativeProgram('zkinfer-synth'), [String(power), kind, r1cs, wtns], { stdio: 'pipe' });
  const started = performance.now();
  const verificationKey = await backend.setup(r1cs, zkey);
  const setupMs = performance.now() - started;
  return { kind, power, zkey, wtns, witness: decodeWtns(readFileSync(wtns)), verificationKey, setupMs };
}
