/**
 * Builds made by the command line in processes of their own: a page stays served while a model compiles, and a model
 * that is too much for this machine takes no more than its own process down.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../src/child-environment.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command line: compiled where it is, else from its source. */
function program(): readonly string[] {
  const compiled = join(root, 'dist', 'cli', 'main.js');
  return existsSync(compiled) ? [compiled] : ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts')];
}

/** Bytes of an error's text that are kept. */
const MOST_TEXT = 4_000;

/** Runs `zkinfer …args`. @throws Error with what the command says where it fails, or after `seconds` */
export async function runCommand(args: readonly string[], seconds: number, signal?: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [...program(), ...args, '--json'], {
    cwd: root,
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(kill, 1000 * seconds);
  signal?.addEventListener('abort', kill);
  process.once('exit', kill);
  let output = '';
  const keep = (part: Buffer): void => void (output = (output + part.toString('utf8')).slice(-MOST_TEXT));
  let errors = '';
  child.stdout.on('data', keep);
  child.stderr.on('data', (part: Buffer) => void (errors = (errors + part.toString('utf8')).slice(-MOST_TEXT)));
  const start = performance.now();
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (status === 0) return;
    if (performance.now() - start >= 1000 * seconds) throw new Error(`${args[0]} was not done within ${seconds} s`);
    throw new Error(messageIn(output) ?? (errors.trim().slice(-500) || `${args[0]} ended with code ${status}`));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

/** `{"error": {"message": …}}`, as every command prints it with `--json`. */
function messageIn(output: string): string | undefined {
  try {
    const { error } = JSON.parse(output) as { error?: { message?: unknown } };
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
