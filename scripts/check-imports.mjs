/**
 * `npm run check:imports`: the order of the rooms in `src/`. A file imports only from its own room and from rooms that
 * stand before it in ROOMS; a file of the core imports nothing of Node, uses none of its globals and loads no file that
 * does, so that it can run in a browser. Prints each arrow that breaks a rule and ends with exit code 1 if there is
 * one. A room that ROOMS does not name is an error too. The protocol crate in `native/src` names no file system.
 *
 * The trap: imports are found as text (`from '…'` and `import('…')`), so a specifier that is computed is not seen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** From the foundation upwards. A file that stands directly in `src/` is a room of its own. */
const ROOMS = [
  'errors.ts',
  'version.ts',
  'lazily.ts',
  'json-shape.ts',
  'percent.ts',
  'stepwise.ts',
  'port-roles.ts',
  'child-environment.ts',
  'cache.ts',
  'atomic-file.ts',
  'user-file.ts',
  'user-json.ts',
  'svg.ts',
  'tensor',
  'r1cs',
  'determinism',
  'gadgets',
  'groth16',
  'network',
  'onnx',
  'integer',
  'quantize',
  'manifest.ts',
  'circom',
  'compile',
  'witness',
  'solidity',
  'committed-groth16',
  'proof-systems',
  'chain',
  'workflow',
  'browser',
  'provenance',
  'ledger',
  'operator',
  'scenario',
  'api',
  'index.ts',
  'cli',
  'bench',
];
/** Rooms that run without Node. */
const CORE = new Set([
  'errors.ts',
  'lazily.ts',
  'json-shape.ts',
  'percent.ts',
  'stepwise.ts',
  'port-roles.ts',
  'user-json.ts',
  'svg.ts',
  'tensor',
  'r1cs',
  'determinism',
  'gadgets',
  'network',
  'onnx',
  'integer',
  'quantize',
  'manifest.ts',
  'compile',
  'witness',
  'solidity',
  'committed-groth16',
  'proof-systems',
  'browser',
]);
/**
 * Files in rooms of the core that belong to Node: they run compilers and read folders. Files of the core import none of
 * them.
 */
const NODE_PART = new Set([
  'compile/compile.ts',
  'solidity/cached.ts',
  'solidity/compile.ts',
  'solidity/index.ts',
  'solidity/sources.ts',
]);
/** Files of the groth16 room that the core is made of; the others are its two provers. */
const CORE_OF_GROTH16 = new Set(
  ['binding', 'canonical', 'ceremony', 'domain', 'finished-key', 'json', 'key-mismatch', 'types', 'wasm-module'].map(
    (name) => `groth16/${name}.ts`,
  ),
);
/** Files of the circom room that the core is made of: circom on sources in memory; the others keep gadgets in folders. */
const CORE_OF_CIRCOM = new Set(
  ['check-object', 'circom-error', 'compile-gadget', 'linkable', 'object', 'object-file', 'run-circom', 'wasi'].map(
    (name) => `circom/${name}.ts`,
  ),
);
/** Files of the workflow that the core is made of: what of a build is values; the others read and write folders. */
const CORE_OF_WORKFLOW = new Set(
  [
    'accuracy-report',
    'accuracy-target',
    'batch-input',
    'build-files',
    'check-proof',
    'circuit-run',
    'classes',
    'compile-model',
    'compiler-index',
    'enough-bits',
    'errors',
    'fixed-inputs',
    'inference',
    'input-json',
    'keys-remedy',
    'outputs',
    'proof-file',
    'public-signals',
    'recorded-ceremony',
    'report',
    'sym',
    'tally-choice',
    'web-index',
  ].map((name) => `workflow/${name}.ts`),
);
/** Files of rooms above the core that run in a browser, too: the pages of `web/` are made of them. */
const IN_PAGES = new Set([
  ...['abi', 'attestations', 'code', 'errors', 'json-rpc', 'logs', 'read-registry', 'reverts', 'rpc'].map(
    (name) => `chain/${name}.ts`,
  ),
  ...['abi', 'artifact', 'cid', 'errors', 'kinds', 'lineage', 'lineage-graph', 'lineage-svg', 'read-ledger'].map(
    (name) => `provenance/${name}.ts`,
  ),
  'provenance/registered-file.ts',
  'ledger/abi.ts',
  'ledger/market.ts',
  ...['forge', 'proof-json'].map((name) => `workflow/${name}.ts`),
]);
/** Files of the core that still read files themselves; none may be added. */
const STILL_NODE = new Set(['gadgets/poseidon-constants.ts']);
const isCore = (file) =>
  (CORE.has(roomOf(file)) && !NODE_PART.has(file)) ||
  CORE_OF_GROTH16.has(file) ||
  CORE_OF_CIRCOM.has(file) ||
  CORE_OF_WORKFLOW.has(file) ||
  IN_PAGES.has(file);

const floorOf = new Map(ROOMS.map((room, floor) => [room, floor]));
const roomOf = (file) => file.split('/')[0];
const problems = [];
let arrows = 0;

for (const name of readdirSync(src, { recursive: true })) {
  const file = name.split(sep).join('/');
  if (!file.endsWith('.ts')) continue;
  const room = roomOf(file);
  if (!floorOf.has(room)) {
    problems.push(`${file}: the room '${room}' has no place in the order; name it in scripts/check-imports.mjs`);
    continue;
  }
  const text = readFileSync(join(src, name), 'utf8');
  for (const [, target] of text.matchAll(/(?:\bfrom|\bimport\s*\(|\bimport)\s*'([^']+)'/g)) {
    if (target.startsWith('node:') && isCore(file) && !STILL_NODE.has(file)) {
      problems.push(`${file} imports ${target}: it belongs to the core, which runs without Node`);
    }
    if (!target.startsWith('.')) continue;
    const path = relative(src, join(src, dirname(file), target))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts');
    const to = roomOf(path);
    if (to === room) continue;
    arrows += 1;
    if ((floorOf.get(to) ?? Infinity) > floorOf.get(room)) {
      problems.push(`${file} imports ${path}: '${to}' stands after '${room}'`);
    }
  }
}

/** What a core file loads when it is loaded: types are erased, and `import('…')` loads when it is asked to. */
const LOADED = /^(?:import|export)\s+(?!type\b)(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'/gm;
for (const name of readdirSync(src, { recursive: true })) {
  const file = name.split(sep).join('/');
  if (!file.endsWith('.ts') || !isCore(file)) continue;
  const code = readFileSync(join(src, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  const [global] = /\bBuffer\.|\bprocess\.(?!pid\b)/.exec(code) ?? [];
  if (global !== undefined)
    problems.push(`${file} uses Node's global ${global.slice(0, -1)}: it belongs to the core, which runs without Node`);
  for (const [statement, target] of code.matchAll(LOADED)) {
    const names = /\{([^}]*)\}/
      .exec(statement)?.[1]
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
    if (names !== undefined && names.every((one) => one.startsWith('type '))) continue;
    const path = relative(src, join(src, dirname(file), target))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts');
    if (!isCore(path)) problems.push(`${file} loads ${path}, which belongs to Node: the core runs without it`);
  }
}

/** The protocol crate takes bytes and writers; the crates around it open files. */
const crate = fileURLToPath(new URL('../native', import.meta.url));
const FILE_SYSTEM = /\b(?:std::(?:\{[^}]*\b)?(?:fs|path)|std::env::temp_dir|memmap2|tempfile)\b/;
for (const name of [
  'Cargo.toml',
  ...readdirSync(join(crate, 'src'), { recursive: true }).map((name) => `src/${name}`),
]) {
  if (!/\.(?:rs|toml)$/.test(name)) continue;
  const code = readFileSync(join(crate, name), 'utf8').replace(/^\s*(?:\/\/|#\s).*$/gm, '');
  const [found] = FILE_SYSTEM.exec(code) ?? [];
  if (found !== undefined) problems.push(`native/${name} uses ${found}: the protocol crate has no file system in it`);
}

for (const problem of problems) console.error(problem);
console.log(`${arrows} imports between rooms, ${problems.length} against the order`);
process.exit(problems.length === 0 ? 0 : 1);
