/**
 * Run by a test in a process of its own: compiles gadgets in several calls, and prints how many compiling processes are
 * kept when nothing else keeps this one alive. From the end of one call to the start of the next no timer can fire.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { CircomError, compileGadgets } from '../../../src/circom/compile.js';

const processes = (): string[] =>
  execFileSync('pgrep', ['-P', String(process.pid), '-f', 'circom/child'], { encoding: 'utf8' })
    .trim()
    .split('\n');
const compile = (shift: number): Promise<unknown> =>
  compileGadgets([{ template: 'Requantize', parameters: [6, shift] }], { gadgetFolders: [] });

await compile(2);
const kept = processes();
assert.equal(kept.length, 1);
await compile(3);
assert.deepEqual(processes(), kept);
await assert.rejects(compile(9), CircomError);
assert.deepEqual(processes(), kept);
await compile(4);
process.once('beforeExit', () => console.log(processes().length));
