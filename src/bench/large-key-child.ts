/**
 * Keys of one large build, or a proof with them, in a process of its own, so that its peak memory is its own. Prints one
 * JSON document. Arguments: what to do, the build folder, elements of the model's input.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chooseBackend } from '../groth16/backends.js';
import { writeAtomic } from '../atomic-file.js';
import { r1csChunks } from '../r1cs/r1cs-file.js';
import { readManifest } from '../workflow/build-folder.js';
import { circuitOf } from '../workflow/circuit-file.js';
import { openProver } from '../workflow/prove.js';
import { setupBuild } from '../workflow/setup.js';
import { verifyProof } from '../workflow/verify.js';

/**
 * setup: development keys, as `zkinfer setup` makes them. file: the same by way of a `.r1cs` file, which is written
 * first. prove: one proof, checked.
 */
export type KeyTask = 'setup' | 'file' | 'prove';

export interface KeyRun {
  readonly seconds: number;
  /** Seconds of all threads. */
  readonly processor: number;
  readonly peakMegabytes: number;
  readonly stages: readonly { readonly name: string; readonly seconds: number; readonly processor: number }[];
  /** Bytes of each file of the build afterwards. */
  readonly files: Readonly<Record<string, number>>;
}

const TASKS: Readonly<Record<KeyTask, (folder: string, inputSize: number) => Promise<void>>> = {
  async setup(folder) {
    await setupBuild(folder, backend, { force: true, onProgress: (_, name) => next(name) });
  },
  async file(folder) {
    const circuit = await circuitOf(folder, await readManifest(folder));
    if (typeof circuit === 'string') throw new Error(`${folder} has its own .r1cs file`);
    const [r1cs, zkey] = ['r1cs', 'zkey'].map((kind) =>
      join(folder, `bench-${randomBytes(4).toString('hex')}.${kind}`),
    );
    try {
      next('writing the .r1cs');
      await writeAtomic(r1cs, r1csChunks(circuit, { reuse: true }));
      await backend.setup(r1cs, zkey, { onProgress: (_, name) => next(name) });
    } finally {
      [r1cs, zkey].forEach((path) => rmSync(path, { force: true }));
    }
  },
  async prove(folder, inputSize) {
    const prover = await openProver(folder, backend);
    next('proof');
    const { proof, publicSignals } = await prover.prove([
      Float64Array.from({ length: inputSize }, (_, i) => (i % 97) / 97),
    ]);
    await prover.close();
    next('verification');
    const { valid } = await verifyProof(folder, backend, { proof, publicSignals });
    if (!valid) throw new Error('the proof does not verify');
  },
};

const backend = chooseBackend('native', () => undefined);
const stages: { name: string; seconds: number; processor: number }[] = [];
let last = { time: 0, processor: 0 };
let stage = 'loading';
/** Ends a stage; the clock of `performance` starts with the process. */
const next = (name: string): void => {
  if (name === stage) return;
  const { user, system } = process.cpuUsage();
  const now = { time: performance.now() / 1000, processor: (user + system) / 1e6 };
  stages.push({ name: stage, seconds: now.time - last.time, processor: now.processor - last.processor });
  [last, stage] = [now, name];
};

const [task, folder, inputSize] = process.argv.slice(2);
await TASKS[task as KeyTask](folder, Number(inputSize));
next('done');
const run: KeyRun = {
  seconds: last.time,
  processor: last.processor,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
  stages,
  files: Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size])),
};
process.stdout.write(JSON.stringify(run));
