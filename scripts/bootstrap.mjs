/**
 * `npm run demo`, `npm run web` and `npm test` on a fresh clone: installs and builds what is missing, then runs the command. Further
 * arguments go to it: `npm run demo -- --fixture lenet5`. The native prover needs no package, so it is built meanwhile.
 */
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [command, ...rest] = process.argv.slice(2);

const COMMANDS = {
  demo: ['dist/cli/main.js', 'demo'],
  'demo:ledger': ['dist/cli/main.js', 'ledger-demo'],
  web: ['--import', 'tsx', 'web/server/main.ts'],
  test: ['scripts/test.mjs'],
};

/** Exit code of a program, which prints where this one prints. */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ZKINFER_SKIP_NATIVE: '1' },
      shell: program === 'npm' && process.platform === 'win32',
    });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** Builds the native prover; what it prints matters only where it fails. */
function buildNative() {
  const child = spawn(process.execPath, ['scripts/build-native.mjs'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  process.on('exit', () => child.kill());
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ status: 1, output: `${error.message}\n` }));
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Compiles what the suite `native` runs, unseen. */
function compileRustTests() {
  const child = spawn('cargo', ['test', '--release', '--locked', '--no-run', '--manifest-path', 'native/Cargo.toml'], {
    cwd: root,
    stdio: 'ignore',
  });
  child.on('error', () => undefined); // No cargo: the suite says so.
  process.on('exit', () => child.kill());
}

function installed() {
  const mark = join(root, 'node_modules', '.package-lock.json');
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`zkinfer needs Node 20 or later; this is ${process.version}.`);
  process.exit(2);
}
if (!(command in COMMANDS)) {
  console.error(`usage: node scripts/bootstrap.mjs ${Object.keys(COMMANDS).join('|')}`);
  process.exit(2);
}
const native = buildNative();
// The Rust tests need no package, so what they compile is ready when the packages are there; a failure shows later.
if (command === 'test') void native.then(({ status }) => status === 0 && compileRustTests());
if (!installed()) {
  console.log('Installing packages (once; warnings about install scripts are harmless) ...');
  // Not `npm ci`: it insists on lock entries for other platforms' optional packages, which npm does not always write.
  if ((await run('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel', 'error'])) !== 0)
    process.exit(1);
}
if ((await run(process.execPath, ['scripts/build.mjs', '--quiet', '--no-native'])) !== 0) process.exit(1);
const { status, output } = await native;
if (status !== 0) {
  process.stdout.write(output);
  console.log(
    'The native prover could not be built (see above); proofs will be made by snarkjs, which is much slower.',
  );
}
process.exit(await run(process.execPath, [...COMMANDS[command], ...rest]));
