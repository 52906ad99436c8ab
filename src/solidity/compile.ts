/**
 * Solidity → bytecode through the npm release of solc (the compiler built for WebAssembly, version pinned by
 * package.json). Standard-JSON interface: https://docs.soliditylang.org/en/latest/using-the-compiler.html
 *
 * Settings are fixed because the code's hash is part of what a registry pins: the same source gives the same bytecode
 * everywhere (`bytecodeHash: none` leaves the source's own path and comments out of it). The trap: solc loads in a
 * second and blocks its thread, so it runs in a worker, which is kept for a moment.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SolidityCompileError } from './errors.js';

export { SolidityCompileError } from './errors.js';

/** What bytecode depends on, besides source and compiler version. */
export const SOLIDITY_SETTINGS = {
  /** First EVM version with transient storage; every rollup in use runs it. */
  evmVersion: 'cancun',
  /**
   * Weighted to calls. Above some 20,000 runs solc copies whole bodies into their callers, past EIP-170 for many
   * signals.
   */
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
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage?: string;
    readonly message: string;
  }[];
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
export async function compileSolidity(
  sources: Readonly<Record<string, string>>,
): Promise<Record<string, CompiledContract>> {
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
parentPort.on('message', (input) => parentPort.postMessage(solc.compile(input)));
`;

/** Milliseconds that a compiler without work is kept: it holds some 200 MB. */
const KEPT_MS = 5_000;

/**
 * A compiler without work. Started anew, it takes twice as long for a verifier: its own code is first compiled by Node.
 */
let idle: Worker | undefined;
let idleTimer: NodeJS.Timeout | undefined;

function takeCompiler(): Worker {
  clearTimeout(idleTimer);
  const worker = idle ?? startCompiler();
  idle = undefined;
  worker.ref();
  return worker;
}

function startCompiler(): Worker {
  const worker = new Worker(WORKER, { eval: true, workerData: { solc: solcPath() } });
  // Should it die without work, the next call starts another.
  worker
    .on('error', () => undefined)
    .on('exit', () => {
      if (idle === worker) idle = undefined;
    });
  return worker;
}

/** Keeps one compiler for the next call, without keeping the process alive for it. */
function putBack(worker: Worker): void {
  worker.unref();
  if (idle !== undefined) {
    void worker.terminate();
    return;
  }
  idle = worker;
  idleTimer = setTimeout(() => {
    idle = undefined;
    void worker.terminate();
  }, KEPT_MS).unref();
}

function runSolc(input: unknown): Promise<StandardOutput> {
  return new Promise((resolve, reject) => {
    const worker = takeCompiler();
    const failed = (error: Error): void => finish(() => reject(error));
    const exited = (code: number): void => failed(new SolidityCompileError([`solc stopped with exit code ${code}.`]));
    const answered = (text: string): void => {
      finish(() => resolve(JSON.parse(text) as StandardOutput));
      putBack(worker);
    };
    const finish = (settle: () => void): void => {
      worker.off('message', answered).off('error', failed).off('exit', exited);
      settle();
    };
    worker.on('message', answered).on('error', failed).on('exit', exited);
    worker.postMessage(JSON.stringify(input));
  });
}

function solcPath(): string {
  return createRequire(import.meta.url).resolve('solc');
}
