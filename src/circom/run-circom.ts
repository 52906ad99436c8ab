/**
 * Runs circom (the npm package circom2: circom as WebAssembly) on a folder. The package starts a process a run and
 * compiles its WebAssembly anew each time; here the module is compiled once and instantiated for each run, which takes
 * about 25 ms. The traps: circom sees only files below the folder it is given, and it reports errors on standard
 * output.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { CircomError } from './circom-error.js';

const require = createRequire(import.meta.url);
const { CircomRunner, bindings } = require('circom2') as Circom2;

interface Circom2 {
  readonly CircomRunner: new (options: {
    args: string[];
    env: Record<string, string>;
    preopens: Record<string, string>;
    bindings: Record<string, unknown>;
  }) => { wasi: { getImports(module: CircomModule): object; start(instance: object): void } };
  readonly bindings: Record<string, unknown>;
}

/** circom, compiled to a WebAssembly module. */
export type CircomModule = object;

/** The part used of the global that only the DOM's type library declares. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<CircomModule>;
    Instance: new (module: CircomModule, imports: object) => object;
  };
};

/** Identifies the compiler in cache keys. */
export const CIRCOM_VERSION = `circom2-${(require('circom2/package.json') as { version: string }).version}`;

export function loadCircom(): Promise<CircomModule> {
  return WebAssembly.compile(fs.readFileSync(require.resolve('circom2/circom.wasm')));
}

class Exit extends Error {
  constructor(readonly status: number) {
    super(`exit ${status}`);
  }
}

/**
 * Runs circom with arguments relative to `folder`; returns what it printed. Throws CircomError with circom's message.
 */
export function runCircom(module: CircomModule, folder: string, args: readonly string[]): string {
  const printed: Buffer[] = [];
  const writeSync = (descriptor: number, data: Uint8Array, ...rest: never[]): number => {
    if (descriptor !== 1 && descriptor !== 2) return fs.writeSync(descriptor, data, ...rest);
    const [offset = 0, length = data.length - offset] = rest as number[];
    printed.push(Buffer.from(data.subarray(offset, offset + length)));
    return length;
  };
  const runner = new CircomRunner({
    args: [...args],
    env: {},
    preopens: { '.': folder },
    bindings: {
      ...bindings,
      fs: { ...fs, writeSync },
      exit(status: number) {
        throw new Exit(status);
      },
    },
  });
  let failure: unknown;
  try {
    runner.wasi.start(new WebAssembly.Instance(module, runner.wasi.getImports(module)));
  } catch (error) {
    if (!(error instanceof Exit && error.status === 0)) failure = error;
  }
  const output = withoutColours(Buffer.concat(printed).toString());
  if (failure !== undefined) {
    const reason = output.trim() === '' ? String(failure) : output.trim();
    throw new CircomError(`circom ${args.join(' ')} failed: ${reason}`, { cause: failure });
  }
  return output;
}

function withoutColours(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
