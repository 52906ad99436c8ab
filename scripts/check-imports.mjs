/**
 * `npm run check:imports`: the order of the rooms in `src/`. A file imports only from its own room and from rooms that stand
 * before it in ROOMS; a room of the core imports nothing of Node, so that it can run in a browser. Prints each arrow that breaks a
 * rule and ends with exit code 1 if there is one. A room that ROOMS does not name is an error too.
 *
 * The trap: imports are found as text (`from '…'` and `import('…')`), so a specifier that is computed is not seen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** From the foundation upwards. A file that stands directly in `src/` is a room of its own. */
const ROOMS = [
  'errors.ts', 'version.ts', 'lazily.ts', 'json-shape.ts', 'child-environment.ts', 'cache.ts', 'atomic-file.ts', 'user-json.ts', 'tensor', 'r1cs', 'determinism', 'gadgets', 'groth16', 'network', 'onnx', 'quantize',
  'manifest.ts', 'circom', 'compile', 'witness', 'solidity', 'proof-systems', 'chain', 'workflow', 'provenance', 'ledger', 'operator',
  'scenario', 'api', 'index.ts', 'cli', 'bench',
];
/** Rooms that run without Node. */
const CORE = new Set(['errors.ts', 'lazily.ts', 'json-shape.ts', 'tensor', 'r1cs', 'determinism', 'gadgets', 'network', 'onnx', 'quantize', 'manifest.ts', 'compile', 'witness']);
/** Files of the core that still read files themselves; none may be added. */
const STILL_NODE = new Set(['r1cs/section-file.ts', 'gadgets/poseidon-block.ts']);

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
    if (target.startsWith('node:') && CORE.has(room) && !STILL_NODE.has(file)) {
      problems.push(`${file} imports ${target}: '${room}' belongs to the core, which runs without Node`);
    }
    if (!target.startsWith('.')) continue;
    const path = relative(src, join(src, dirname(file), target)).split(sep).join('/').replace(/\.js$/, '.ts');
    const to = roomOf(path);
    if (to === room) continue;
    arrows += 1;
    if ((floorOf.get(to) ?? Infinity) > floorOf.get(room)) {
      problems.push(`${file} imports ${path}: '${to}' stands after '${room}'`);
    }
  }
}

for (const problem of problems) console.error(problem);
console.log(`${arrows} imports between rooms, ${problems.length} against the order`);
process.exit(problems.length === 0 ? 0 : 1);
