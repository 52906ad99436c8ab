/**
 * `npm test`: every suite, and one line with the totals at the end. A suite that ends badly without naming a failed test
 * counts as one failure. `npm test -- mocha` runs only the suites named. Suites run in lanes, side by side: one whose time goes
 * into compilers, one that mostly waits for blocks and servers, and one for all others. What the first two print is shown when a
 * suite has ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const sum = (output, pattern) => [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

const mocha = join(dirname(resolve('mocha/package.json')), 'bin', 'mocha.js');
const mochaCounts = {
  passed: (output) => sum(output, /^\s*(\d+) passing/gm),
  failed: (output) => sum(output, /^\s*(\d+) failing/gm),
};
/** Folders below test/ whose tests wait for a chain, a Redis or another process more than they compute. */
const WAITING = ['chain', 'end-to-end', 'ledger', 'operator', 'provenance', 'scenario', 'simulation'];

/** One suite: its lane (none: the one that is shown as it runs), its command, and how to read its counts from what it prints. */
const SUITES = {
  imports: {
    command: [process.execPath, 'scripts/check-imports.mjs'],
    passed: (output) => (/, 0 against the order$/m.test(output) ? 1 : 0),
    failed: (output) => sum(output, /, (\d+) against the order$/gm),
  },
  types: {
    command: [process.execPath, join(dirname(resolve('typescript/package.json')), 'bin', 'tsc'), '--noEmit', '-p', 'tsconfig.test.json'],
    passed: () => 0,
    failed: (output) => (output.match(/error TS\d+/g) ?? []).length,
  },
  mocha: {
    command: [process.execPath, mocha, 'test/**/*.test.ts', ...WAITING.flatMap((folder) => ['--ignore', `test/${folder}/**`])],
    ...mochaCounts,
  },
  chains: {
    lane: 'waiting',
    command: [process.execPath, mocha, ...WAITING.map((folder) => `test/${folder}/**/*.test.ts`)],
    ...mochaCounts,
  },
  contracts: {
    lane: 'compilers',
    command: ['npm', 'run', '--silent', 'test:contracts'],
    passed: (output) => sum(output, /(\d+) tests passed, \d+ failed, \d+ skipped \(\d+ total tests\)/g),
    failed: (output) => sum(output, /\d+ tests passed, (\d+) failed, \d+ skipped \(\d+ total tests\)/g),
  },
  native: {
    lane: 'compilers',
    needs: 'cargo',
    command: ['cargo', 'test', '--profile', 'quick', '--locked', '--manifest-path', 'native/Cargo.toml'],
    passed: (output) => sum(output, /^test result: .* (\d+) passed/gm),
    failed: (output) => sum(output, /^test result: .* (\d+) failed/gm),
  },
};

function runSuite({ command: [program, ...args], lane }) {
  return new Promise((finish) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' } });
    let output = '';
    const pass = (stream) => (chunk) => {
      if (lane === undefined) stream.write(chunk);
      output += chunk;
    };
    child.stdout.on('data', pass(process.stdout));
    child.stderr.on('data', pass(process.stderr));
    child.on('error', (error) => finish({ output: `${output}\n${error.message}`, status: 1 }));
    child.on('close', (status) => finish({ output: output.replace(/\u001b\[[0-9;]*m/g, ''), status }));
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(`there is no suite ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
  process.exit(2);
}
let passed = 0;
let failed = 0;

async function runNamed([name, suite]) {
  if (suite.needs && spawnSync(suite.needs, ['--version']).status !== 0) {
    console.log(`\n== ${name}: left out, there is no ${suite.needs} here`);
    return;
  }
  console.log(`\n== ${name}${suite.lane === undefined ? '' : ' (beside the others)'}`);
  const start = Date.now();
  const { output, status } = await runSuite(suite);
  if (suite.lane !== undefined) console.log(`\n== ${name}\n${output}`);
  const counts = { passed: suite.passed(output), failed: suite.failed(output) };
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  passed += counts.passed;
  failed += counts.failed;
  console.log(`== ${name}: ${counts.passed} passed, ${counts.failed} failed, ${((Date.now() - start) / 1000).toFixed(0)} s`);
}

const chosen = Object.entries(SUITES).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const lanes = [...new Set(chosen.map(([, { lane }]) => lane))];
await Promise.all(
  lanes.map(async (lane) => {
    for (const named of chosen.filter(([, suite]) => suite.lane === lane)) await runNamed(named);
  }),
);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && (passed > 0 || wanted.includes('types')) ? 0 : 1);
