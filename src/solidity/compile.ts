/**
 * Solidity → bytecode through the npm release of solc (the compiler built for WebAssembly, version pinned by package.json).
 * Standard-JSON interface: https://docs.soliditylang.org/en/latest/using-the-compiler.html
 *
 * Settings are fixed because the code's hash is part of what a registry pins: the same source gives the same bytecode
 * everywhere (`bytecodeHash: none` leaves the source's own path and comments out of it). The trap: solc loads in a second and
 * blocks its thread, so it runs in a worker.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SolidityCompileError } from './errors.js';

export { SolidityCompileError } from './errors.js';

/** What bytecode depends on, besides source and compiler version. */
export const SOLIDITY_SETTINGS = {
  /** First EVM version with transient storage; every rollup in use runs it. */
  evmVersion: 'cancun',
  /** Weighted to calls. Above some 20,000 runs solc copies whole bodies into their callers, past EIP-170 for many signals. */
  optimizer: { enabled: true, runs: 10_000 },
  viaIR: true,
  metadata: { bytecodeHash: 'none' },
} as const;

export interface CompiledContract {
  readonly abi: readonly Record<string, unknown>[];
  /** Creation code, hex with 0x. */
  readonly bytecode: string;
  /** Runtime code, hex with 0x. */
  readonly deployedBytecode: string;
  /** Path of its source, as given. */
  readonly source: string;
}

interface StandardOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage?: string; readonly message: string }[];
  readonly contracts?: Record<
    string,
    Record<
      string,
      {
        abi: Record<string, unknown>[];
        evm: { bytecode: { object: string }; deployedBytecode: { object: string } };
      }
    >
  >;
}

/**
 * Compiles `sources` (path → text); every import must be among them (see `contractSources`).
 * Returns the deployable contracts by name. Warnings are ignored, errors thrown as `SolidityCompileError`.
 */
export async function compileSolidity(sources: Readonly<Record<string, string>>): Promise<Record<string, CompiledContract>> {
  const output = await runSolc({
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: {
      ...SOLIDITY_SETTINGS,
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  });
  const errors = (output.errors ?? []).filter((e) => e.severity === 'error');
  if (errors.length > 0) throw new SolidityCompileError(errors.map((e) => (e.formattedMessage ?? e.message).trim()));
  const compiled: Record<string, CompiledContract> = {};
  for (const [source, contracts] of Object.entries(output.contracts ?? {})) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      if (evm.bytecode.object === '') continue;
      compiled[name] = {
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
        source,
      };
    }
  }
  return compiled;
}

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const solc = require(workerData.solc);
parentPort.postMessage(solc.compile(workerData.input));
`;

function runSolc(input: unknown): Promise<StandardOutput> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      eval: true,
      workerData: { solc: solcPath(), input: JSON.stringify(input) },
    });
    worker.once('message', (text: string) => {
      resolve(JSON.parse(text) as StandardOutput);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new SolidityCompileError([`solc stopped with exit code ${code}.`])));
  });
}

function solcPath(): string {
  return createRequire(import.meta.url).resolve('solc');
}
