/**
 * Who is timed: `zkinfer-prover` and the loaded key in this process; snarkjs as a process and in this one; and peers
 * that the environment names. ZKINFER_RAPIDSNARK is the path of rapidsnark's `prover`; ZKINFER_PEERS is JSON, from
 * name to command line with {zkey} {wtns} {proof} {public} in it, split at blanks.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import * as snarkjs from 'snarkjs';
import { z } from 'zod';

import { UsageError } from '../errors.js';
import type { Groth16Backend, ProofAndSignals } from '../groth16/types.js';
import { usage, type Launcher, type Usage } from './command.js';
import { NATIVE_IN_PROCESS, NATIVE_PROCESS } from './results.js';
import { nativeProgram, type Workload } from './workload.js';

export interface Contestant {
  readonly name: string;
  /** Makes one proof; milliseconds. */
  prove(): Promise<number>;
  /** The proof made last, to be verified. */
  lastProof(): ProofAndSignals;
  /** What the process uses for one more proof; only processes have it. */
  usage?(): Promise<Usage>;
  close(): Promise<void>;
}

const peersSchema = z.record(z.string(), z.string());

/** Everyone who can be timed on `workload`; snarkjs only if `withSnarkjs`. */
export async function enter(
  launcher: Launcher,
  native: Groth16Backend,
  workload: Workload,
  directory: string,
  withSnarkjs: boolean,
): Promise<Contestant[]> {
  const templates: [string, readonly string[]][] = [[NATIVE_PROCESS, [nativeProgram('zkinfer-prover'), ...FILES]]];
  const rapidsnark = process.env['ZKINFER_RAPIDSNARK'];
  if (rapidsnark !== undefined) templates.push(['rapidsnark', [rapidsnark, ...FILES]]);
  for (const [name, template] of Object.entries(peers())) templates.push([name, template.split(/\s+/)]);
  if (withSnarkjs) templates.push(['snarkjs', [process.execPath, SNARKJS_CLI, 'groth16', 'prove', ...FILES]]);

  const contestants = templates.map(([name, argv]) => processContestant(launcher, name, argv, workload, directory));
  contestants.push(await nativeInProcess(native, workload));
  if (withSnarkjs) contestants.push(snarkjsInProcess(workload));
  return contestants;
}

const FILES = ['{zkey}', '{wtns}', '{proof}', '{public}'];
const SNARKJS_CLI = join(createRequire(import.meta.url).resolve('snarkjs'), '../cli.cjs');

function peers(): Record<string, string> {
  const json = process.env['ZKINFER_PEERS'];
  if (json === undefined) return {};
  try {
    return peersSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new UsageError('ZKINFER_PEERS must be a JSON object from names to command lines', { cause });
  }
}

function processContestant(
  launcher: Launcher,
  name: string,
  template: readonly string[],
  workload: Workload,
  directory: string,
): Contestant {
  const proof = join(directory, 'proof.json');
  const publicSignals = join(directory, 'public.json');
  const files: Record<string, string> = { zkey: workload.zkey, wtns: workload.wtns, proof, public: publicSignals };
  const argv = template.map((part) => part.replace(/\{(\w+)\}/g, (all, key: string) => files[key] ?? all));
  return {
    name,
    prove: () => launcher.time(argv),
    lastProof: () => ({
      proof: JSON.parse(readFileSync(proof, 'utf8')) as ProofAndSignals['proof'],
      publicSignals: JSON.parse(readFileSync(publicSignals, 'utf8')) as string[],
    }),
    usage: () => usage(argv),
    close: async () => {},
  };
}

async function nativeInProcess(native: Groth16Backend, workload: Workload): Promise<Contestant> {
  const key = await native.loadKey(workload.zkey);
  return {
    ...timed(NATIVE_IN_PROCESS, () => key.prove(workload.witness)),
    close: () => key.close(),
  };
}

function snarkjsInProcess(workload: Workload): Contestant {
  const prove = async (): Promise<ProofAndSignals> =>
    (await snarkjs.groth16.prove(workload.zkey, workload.wtns)) as unknown as ProofAndSignals;
  return { ...timed('snarkjs in-process', prove), close: async () => {} };
}

function timed(name: string, prove: () => Promise<ProofAndSignals>): Omit<Contestant, 'close'> {
  let last: ProofAndSignals | undefined;
  return {
    name,
    async prove() {
      const started = performance.now();
      last = await prove();
      return performance.now() - started;
    },
    lastProof() {
      if (last === undefined) throw new Error(`${name} has made no proof`);
      return last;
    },
  };
}
