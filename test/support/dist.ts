/** `dist/`, for tests that start processes: what is installed, and what starts fastest. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The command line as a program. */
export const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

let checked = false;

/** Compiles `dist/` where it is older than the sources: what runs in a process of its own is what is installed. */
export function buildDist(): void {
  if (checked) return;
  const src = path.join(ROOT, 'src');
  const newest = readdirSync(src, { recursive: true, encoding: 'utf8' }).reduce((latest, name) => Math.max(latest, statSync(path.join(src, name)).mtimeMs), 0);
  if (!existsSync(MAIN) || statSync(MAIN).mtimeMs < newest) {
    const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    // Type errors are for the type check to report; what counts here is that the code was written.
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', path.join(ROOT, 'tsconfig.json')], { encoding: 'utf8' });
    assert.ok(existsSync(MAIN) && statSync(MAIN).mtimeMs >= newest, stdout);
  }
  checked = true;
}
