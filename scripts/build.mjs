/**
 * `npm run build`: TypeScript to `dist/`, the gadgets that circom takes longest over to `dist/packaged/`, then the
 * native prover where cargo is there. A native build that fails is reported and does not stop the rest: snarkjs then
 * proves. `--quiet` says only what is wrong or slow; `--no-native` leaves the native prover out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const quiet = process.argv.includes('--quiet');

function newest(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .reduce((latest, name) => Math.max(latest, statSync(join(folder, name)).mtimeMs), 0);
}

function compiled() {
  const mark = join(root, 'dist', 'cli', 'main.js');
  return (
    existsSync(mark) &&
    statSync(mark).mtimeMs >= Math.max(newest(join(root, 'src'), '.ts'), statSync(join(root, 'tsconfig.json')).mtimeMs)
  );
}

if (!compiled()) {
  if (!quiet) console.log('Compiling TypeScript to dist/ ...');
  // The compiler's file is no export of its package, so it is found beside the package's manifest.
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.json')], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

// For browsers; whoever installed the package without its development dependencies has it built already.
const browser = spawnSync(process.execPath, [join(root, 'scripts', 'build-browser.mjs')], {
  stdio: quiet ? ['ignore', 'ignore', 'inherit'] : 'inherit',
});
if (browser.status !== 0) process.exit(1);

// Without them every first compile takes a second or two longer, and nothing else is different.
const gadgets = spawnSync(process.execPath, [join(root, 'dist', 'circom', 'package-gadgets.js')], { stdio: 'inherit' });
if (gadgets.status !== 0)
  console.log(
    'The gadgets could not be compiled ahead (see above); each will be compiled when a model first needs it.',
  );

if (process.argv.includes('--no-native')) process.exit(0);
const native = spawnSync(process.execPath, [join(root, 'scripts', 'build-native.mjs')], {
  stdio: quiet ? ['ignore', 'pipe', 'inherit'] : 'inherit',
});
if (native.status !== 0) {
  process.stdout.write(native.stdout ?? '');
  console.log(
    'The native prover could not be built (see above); proofs will be made by snarkjs, which is much slower.',
  );
}
