/**
 * `npm test`: every check and suite, and one line with the totals at the end. A suite that ends badly without naming a
 * failed test counts as one failure. `npm test -- mocha` runs only the suites named. They run three at a time, since some
 * mostly wait for blocks, servers and compilers of one thread; what they print, but for one of them, is shown when they
 * have ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
/**
 * Folders below test/ with suites of their own: their tests wait for chains, a Redis or other processes more than they
 * compute.
 */
const OPERATOR = ['operator', 'simulation'];
const CHAINS = ['chain', 'end-to-end', 'ledger', 'provenance', 'scenario'];
/** Folders about the way from a network to its constraints, which take as long as all the others. */
const MODELS = [
  'circom',
  'circuits',
  'compile',
  'differential',
  'gadgets',
  'integer',
  'onnx',
  'quantize',
  'tensor',
  'witness',
];
/** Need the WebAssembly module, which their suite builds. */
const WASM = ['test/groth16/wasm.test.ts', 'test/browser/**/*.test.ts', 'test/web/pages.test.ts'];
const within = (folders) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

/** A package's program, run by this Node: npx looks for it for a second, each time. */
const program = (name, file) => [process.execPath, join(root, 'node_modules', name, file)];
/** A check that passes where its command ends well. */
const check = (command, needs) => ({
  brief: true,
  aside: true,
  command,
  needs,
  passed: (_, status) => (status === 0 ? 1 : 0),
  failed: () => 0,
});

/**
 * One suite: its command, and how to read its counts from what it prints; `aside` are not shown as they run, of `brief`
 * ones only the end. In the order in which they start: the two longest, beside them the checks that say at once what is
 * wrong, then the others, the longest first, so that short ones fill both processors at the end.
 */
const SUITES = {
  wasm: {
    aside: true,
    needs: [process.execPath, 'scripts/build-wasm.mjs', '--toolchain'],
    lacking: 'Rust toolchain for WebAssembly',
    command: [process.execPath, 'scripts/build-wasm.mjs', '--then', mocha, ...WASM],
    ...mochaCounts,
  },
  mocha: {
    command: [
      process.execPath,
      mocha,
      'test/**/*.test.ts',
      ...[...within([...OPERATOR, ...CHAINS, ...MODELS]), ...WASM].flatMap((files) => ['--ignore', files]),
    ],
    ...mochaCounts,
  },
  imports: {
    brief: true,
    aside: true,
    command: [process.execPath, 'scripts/check-imports.mjs'],
    passed: (output) => (/, 0 against the order$/m.test(output) ? 1 : 0),
    failed: (output) => sum(output, /, (\d+) against the order$/gm),
  },
  names: check([process.execPath, 'scripts/check-names.mjs']),
  format: check([...program('oxfmt', 'bin/oxfmt'), '--check', 'src', 'test', 'scripts', 'bench', 'web']),
  lint: check([...program('oxlint', 'bin/oxlint'), 'src', 'test', 'scripts', 'web', 'verifier-contracts']),
  rustfmt: check(['cargo', 'fmt', '--all', '--check', '--manifest-path', 'native/Cargo.toml'], ['cargo', 'fmt']),
  package: check([...program('publint', 'src/cli.js'), '--strict', '--pack', 'false']),
  types: {
    brief: true,
    aside: true,
    command: [
      process.execPath,
      join(dirname(resolve('typescript/package.json')), 'bin', 'tsc'),
      '--noEmit',
      '-p',
      'tsconfig.test.json',
    ],
    passed: () => 0,
    failed: (output) => (output.match(/error TS\d+/g) ?? []).length,
  },
  chains: { aside: true, command: [process.execPath, mocha, ...within(CHAINS)], ...mochaCounts },
  models: { aside: true, command: [process.execPath, mocha, ...within(MODELS)], ...mochaCounts },
  contracts: {
    aside: true,
    command: ['npm', 'run', '--silent', 'test:contracts'],
    passed: (output) => sum(output, /(\d+) tests passed, \d+ failed, \d+ skipped \(\d+ total tests\)/g),
    failed: (output) => sum(output, /\d+ tests passed, (\d+) failed, \d+ skipped \(\d+ total tests\)/g),
  },
  operator: { aside: true, command: [process.execPath, mocha, ...within(OPERATOR)], ...mochaCounts },
  clippy: check(
    [
      'cargo',
      'clippy',
      '--release',
      '--locked',
      '--quiet',
      '--manifest-path',
      'native/Cargo.toml',
      '--',
      '--deny',
      'warnings',
    ],
    ['cargo', 'clippy'],
  ),
  unused: check([...program('knip', 'bin/knip.js')]),
  solidity: check([
    ...program('solhint', 'solhint.js'),
    '--quiet',
    '--config',
    'verifier-contracts/.solhint.json',
    'verifier-contracts/src/**/*.sol',
  ]),
  pages: check([...program('typescript', 'bin/tsc'), '--noEmit', '-p', 'web/tsconfig.json']),
  native: {
    aside: true,
    needs: ['cargo'],
    command: ['cargo', 'test', '--release', '--locked', '--manifest-path', 'native/Cargo.toml'],
    passed: (output) => sum(output, /^test result: .* (\d+) passed/gm),
    failed: (output) => sum(output, /^test result: .* (\d+) failed/gm),
  },
};

function runSuite({ command: [program, ...args], aside }) {
  return new Promise((finish) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
    });
    let output = '';
    const pass = (stream) => (chunk) => {
      if (!aside) stream.write(chunk);
      output += chunk;
    };
    child.stdout.on('data', pass(process.stdout));
    child.stderr.on('data', pass(process.stderr));
    child.on('error', (error) => finish({ output: `${output}\n${error.message}`, status: 1 }));
    child.on('close', (status) => finish({ output: output.replace(/\u001b\[[0-9;]*m/g, ''), status }));
  });
}

/** Ticks of the kernel's clock a second, as Linux tells programs. */
const TICKS = 100;

/**
 * Seconds of processor time of all children that have ended, and theirs (Linux, proc(5): cutime and cstime); undefined
 * elsewhere.
 */
function childrenSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
  } catch {
    return undefined;
  }
}

let counted = childrenSeconds();

/** What a suite that has just ended took; two that end at once count for the first. */
function processorTime() {
  const now = childrenSeconds();
  if (now === undefined || counted === undefined) return '';
  const seconds = now - counted;
  counted = now;
  return `, ${seconds.toFixed(0)} s of processor time`;
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
  if (suite.needs && spawnSync(suite.needs[0], [...suite.needs.slice(1), '--version']).status !== 0) {
    console.log(`\n== ${name}: left out, there is no ${suite.lacking ?? suite.needs.join(' ')} here`);
    return;
  }
  if (!suite.brief) console.log(`\n== ${name}${suite.aside ? ' (beside the others)' : ''}`);
  const start = Date.now();
  const { output, status } = await runSuite(suite);
  if (suite.aside) console.log(`\n== ${name}\n${output}`);
  const counts = { passed: suite.passed(output, status), failed: suite.failed(output) };
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  passed += counts.passed;
  failed += counts.failed;
  console.log(
    `== ${name}: ${counts.passed} passed, ${counts.failed} failed, ${((Date.now() - start) / 1000).toFixed(0)} s` +
      processorTime(),
  );
}

/** Suites that run at a time. */
const LANES = 3;

const waiting = Object.entries(SUITES).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const lane = async () => {
  for (let named = waiting.shift(); named !== undefined; named = waiting.shift()) await runNamed(named);
};
await Promise.all(Array.from({ length: LANES }, lane));
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && (passed > 0 || wanted.includes('types')) ? 0 : 1);
