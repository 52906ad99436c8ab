/**
 * `npm run demo` and `npm test` on a fresh clone: installs and builds what is missing, then runs the command. Further
 * arguments go to it: `npm run demo -- --fixture lenet5`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [command, ...rest] = process.argv.slice(2);

const COMMANDS = {
  demo: ['dist/cli/main.js', 'demo'],
  'demo:ledger': ['dist/cli/main.js', 'ledger-demo'],
  test: ['scripts/test.mjs'],
};

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ZKINFER_SKIP_NATIVE: '1' }, shell: program === 'npm' && process.platform === 'win32' });
  if (error !== undefined) throw error;
  return status ?? 1;
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
if (!installed()) {
  console.log('Installing packages (once; warnings about install scripts are harmless) ...');
  // Not `npm ci`: it insists on lock entries for other platforms' optional packages, which npm does not always write.
  if (run('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel', 'error']) !== 0) process.exit(1);
}
if (run(process.execPath, ['scripts/build.mjs', '--quiet']) !== 0) process.exit(1);
process.exit(run(process.execPath, [...COMMANDS[command], ...rest]));
