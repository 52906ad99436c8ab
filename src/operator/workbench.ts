/** Builds ready to work on inputs: the key is loaded and the first, slow proof made when a build is opened, not when asked. */
import type { Groth16Backend } from '../groth16/types.js';
import { middleInputs } from '../quantize/encode.js';
import { InputRangeError, InputShapeError, InputTypeError } from '../quantize/errors.js';
import { encodeContext, inferenceCalldata, signalCalldata, vkHash } from '../solidity/index.js';
import { InputFormatError, parseInput } from '../workflow/input-json.js';
import { openProver } from '../workflow/prove.js';
import { readVerificationKey } from '../workflow/verify.js';
import type { Job, JobResult } from './jobs.js';

export interface Workbench {
  run(job: Pick<Job, 'vkHash' | 'kind' | 'document' | 'context'>): Promise<JobResult>;
  close(): Promise<void>;
}

/** Opens every build in `folders` with its key. */
export async function openWorkbench(folders: readonly string[], backend: Groth16Backend): Promise<Workbench> {
  const benches = new Map(
    await Promise.all(
      folders.map(async (folder) => {
        const key = await readVerificationKey(folder);
        return [vkHash(key), { key, prover: await openProver(folder, backend) }] as const;
      }),
    ),
  );
  // One proof of an input in the middle of its range brings tables, threads and compiled code into being.
  for (const { prover } of benches.values()) {
    await prover.prove(middleInputs(prover.model.inputs), { context: encodeContext(`0x${'0'.repeat(40)}`, 0n) });
  }
  return {
    async run({ vkHash: wanted, kind, document, context }) {
      const bench = benches.get(wanted);
      if (bench === undefined) return { refused: `this machine has no build with the key ${wanted}` };
      const { prover, key } = bench;
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      try {
        const input = parseInput(document, prover.manifest.inputs, 'the input');
        const salts = saltsOf(document);
        if (kind === 'compute') {
          const { publicSignals } = prover.infer(input, BigInt(context), salts);
          const { inputCommitment, output } = signalCalldata(prover.manifest, publicSignals);
          return { computed: { inputCommitment, output, seconds: seconds() } };
        }
        const { proof, publicSignals } = await prover.prove(input, { context: BigInt(context), salts });
        const call = inferenceCalldata(key, prover.manifest, proof, publicSignals);
        return { computed: { inputCommitment: call.inputCommitment, output: call.output, proof: call.proof, seconds: seconds() } };
      } catch (error) {
        if (NEVER_ANSWERED.some((kind) => error instanceof kind)) return { refused: (error as Error).message };
        throw error;
      }
    },
    async close() {
      await Promise.all([...benches.values()].map(({ prover }) => prover.close()));
    },
  };
}

/** What is wrong with an input itself, so that no machine will ever compute with it. */
const NEVER_ANSWERED = [InputFormatError, InputShapeError, InputRangeError, InputTypeError];

/** The salts that a document carries. @throws InputFormatError */
function saltsOf(document: string): { readonly input?: string; readonly output?: string } {
  const { salt, outputSalt } = JSON.parse(document) as { salt?: unknown; outputSalt?: unknown };
  const text = (value: unknown, name: string): string | undefined => {
    if (value === undefined || typeof value === 'string') return value;
    throw new InputFormatError(`the input's "${name}" must be a decimal number in quotes`);
  };
  return { input: text(salt, 'salt'), output: text(outputSalt, 'outputSalt') };
}
