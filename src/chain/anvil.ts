/**
 * An anvil (Foundry's local Ethereum node) as a child process, from the npm package that carries its binary: the chain
 * of tests, of measurements and of every command without `--rpc`.
 *
 * The trap: a child outlives a parent that is killed. On POSIX a shell reads a pipe whose other end is this process;
 * when the process dies, however it dies, the pipe closes and the shell ends anvil.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { childEnvironment } from '../child-environment.js';
import { LocalNodeError } from './errors.js';

export interface AnvilOptions {
  /** State file (JSON, as `dumpState` returns) to start from. */
  readonly loadState?: string;
  /** Seconds between blocks; default: a block for every transaction, at once. */
  readonly blockTime?: number;
  /** Rules of the chain, as `berlin`, the last without a base fee; default the newest. */
  readonly hardfork?: string;
  /** Default 31337. */
  readonly chainId?: number;
}

export interface Anvil {
  /** `http://127.0.0.1:PORT`, on a free port chosen by the system. */
  readonly url: string;
  readonly pid: number;
  /** Ends the process; resolves when it is gone. Safe to call twice. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const require = createRequire(import.meta.url);

/** Path of this platform's anvil binary inside `node_modules`. */
function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch (cause) {
    throw new LocalNodeError(
      `the local node's package ${name} is not installed; run npm install with optional dependencies, or give --rpc URL`,
      { cause },
    );
  }
}

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a fresh anvil (or one restored from `loadState`) and resolves once it accepts connections. */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const args = [
    ...(options.chainId === undefined ? [] : ['--chain-id', String(options.chainId)]),
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--threads',
    '1',
    // By default every web page that is open in this machine's browser may ask it for anything.
    '--no-cors',
  ];
  if (options.loadState !== undefined) args.push('--load-state', options.loadState);
  if (options.hardfork !== undefined) args.push('--hardfork', options.hardfork);
  if (options.blockTime !== undefined) args.push('--block-time', String(options.blockTime));

  const child = spawn(anvilBinary(), args, {
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C in the terminal reaches this process only, which then decides when anvil ends.
    detached: process.platform !== 'win32',
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    const gone = () => {
      running.delete(child);
      resolve();
    };
    child.once('exit', gone);
    child.once('error', gone);
  });
  const stop = async () => {
    child.ref();
    if (running.has(child)) child.kill('SIGKILL');
    await exited;
  };

  try {
    const port = await listeningPort(child);
    const guard = guardParent(child.pid!);
    child.unref();
    return {
      url: `http://127.0.0.1:${port}`,
      pid: child.pid!,
      stop: async () => {
        guard?.kill('SIGKILL');
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Waits for anvil's `Listening on HOST:PORT` line; keeps both pipes drained afterwards, without keeping this process
 * alive.
 */
async function listeningPort(child: ChildProcess): Promise<number> {
  let output = '';
  let resolve!: (port: number) => void;
  let reject!: (error: Error) => void;
  const listening = new Promise<number>((...settle) => ([resolve, reject] = settle));
  const fail = (why: string, cause?: unknown) =>
    reject(new LocalNodeError(`the local node did not start: ${why}\n${output.slice(-2000)}`.trimEnd(), { cause }));
  const timer = setTimeout(() => fail(`not listening after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
  const onExit = (code: number | null, signal: string | null) => fail(`it ended with ${signal ?? `code ${code}`}`);
  const onError = (error: Error) => fail(error.message, error);
  const onData = (chunk: Buffer) => {
    output += chunk.toString();
    const match = /Listening on \S+:(\d+)/.exec(output);
    if (match) resolve(Number(match[1]));
  };
  child.once('exit', onExit).once('error', onError);
  child.stdout!.on('data', onData);
  child.stderr!.on('data', onData);
  try {
    return await listening;
  } finally {
    clearTimeout(timer);
    child.off('exit', onExit).off('error', onError);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.off('data', onData).resume();
      (stream as unknown as { unref(): void }).unref();
    }
  }
}

/** A shell that ends process `pid` when this process is gone; see the trap above. None on Windows. */
function guardParent(pid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const guard = spawn('/bin/sh', ['-c', `trap '' INT TERM HUP; cat >/dev/null; kill -9 ${pid} 2>/dev/null`], {
    env: childEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.once('error', () => undefined);
  guard.stdin!.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}
