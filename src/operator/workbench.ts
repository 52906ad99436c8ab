/**
 * Builds ready to work on inputs: the key is loaded and the first, slow proof made when a build is opened, not when
 * asked.
 */
import type { ZkinferError } from '../errors.js';
import type { Groth16Backend } from '../groth16/types.js';
// Not by the room's index: that loads the chain library, which a prover does without.
import { outputSaltOf, type RequestName } from '../ledger/output-salt.js';
import type { PortVisibility } from '../manifest.js';
import { middleInputs } from '../integer/encode.js';
import { InputRangeError, InputShapeError, InputTypeError } from '../integer/errors.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { signalCalldata, vkHash } from '../solidity/index.js';
import { InputFormatError, parseInput, type Sample } from '../workflow/input-json.js';
import { openProver, openWitness, type Prover } from '../workflow/prove.js';
import { parseJson } from '../user-json.js';
import { readVerificationKey } from '../workflow/verify.js';
import { ProverFailedError } from './errors.js';
import type { Job, JobResult } from './jobs.js';

export interface Workbench {
  run(job: Pick<Job, 'vkHash' | 'kind' | 'document' | 'context' | 'request'>): Promise<JobResult>;
  close(): Promise<void>;
}

type Bench = Pick<Prover, 'manifest' | 'infer'> & Partial<Pick<Prover, 'prove' | 'close'>>;

/** Opens every build in `folders`, with its key if a backend is given; without one, it computes outputs alone. */
export async function openWorkbench(folders: readonly string[], backend?: Groth16Backend): Promise<Workbench> {
  const benches = new Map(
    await Promise.all(
      folders.map(
        async (folder) => [vkHash(await readVerificationKey(folder)), await openBench(folder, backend)] as const,
      ),
    ),
  );
  return {
    async run({ vkHash: wanted, kind, document, context, request }) {
      const bench = benches.get(wanted);
      if (bench === undefined) return { refused: 'NO_SUCH_BUILD' };
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      try {
        const input: Sample = parseInput(document, bench.manifest.inputs, 'the input');
        const salts = saltsOf(document, bench.manifest.visibility, request);
        if (kind === 'compute') {
          const { publicSignals } = bench.infer(input, BigInt(context), salts);
          const { inputCommitment, output } = signalCalldata(bench.manifest, publicSignals);
          return { computed: { inputCommitment, output, seconds: seconds() } };
        }
        if (bench.prove === undefined) throw new ProverFailedError('this process has no keys');
        const { proof, publicSignals } = await bench.prove(input, { context: BigInt(context), salts });
        const { inputCommitment, output } = signalCalldata(bench.manifest, publicSignals);
        return { computed: { inputCommitment, output, proved: { proof, publicSignals }, seconds: seconds() } };
      } catch (error) {
        if (NEVER_ANSWERED.some((kind) => error instanceof kind)) return { refused: (error as ZkinferError).code };
        throw error;
      }
    },
    async close() {
      await Promise.all([...benches.values()].map(({ close }) => close?.()));
    },
  };
}

async function openBench(folder: string, backend: Groth16Backend | undefined): Promise<Bench> {
  if (backend === undefined) return await openWitness(folder);
  const prover = await openProver(folder, backend);
  // One proof of an input in the middle of its range brings tables, threads and compiled code into being.
  await prover.prove(middleInputs(prover.model.inputs));
  return prover;
}

/**
 * The salts of a request's commitments: the input's from the document, the output's from that and the request. Never a
 * fresh one: a second computation would have another answer. @throws InputFormatError
 */
export function saltsOf(
  document: string,
  { input, output }: Pick<PortVisibility, 'input' | 'output'>,
  request: RequestName,
): { readonly input?: string; readonly output?: string } {
  const { salt, outputSalt } = parseJson(document) as { salt?: unknown; outputSalt?: unknown };
  if (outputSalt !== undefined)
    throw new InputFormatError(
      'leave "outputSalt" out: the salt of a hashed output follows from the input\'s salt and the request',
    );
  if (input !== 'hashed') {
    if (output === 'hashed')
      throw new InputFormatError(
        "an output is hashed with a salt that follows from the input's, and this model has none",
      );
    return {};
  }
  if (typeof salt !== 'string' || !/^\d{1,78}$/.test(salt) || BigInt(salt) >= FIELD_MODULUS) {
    throw new InputFormatError(
      'the input\'s "salt" must be a decimal number in quotes, below the scalar field of BN254',
    );
  }
  return { input: salt, ...(output === 'hashed' ? { output: outputSaltOf(salt, request) } : {}) };
}

/** What is wrong with an input itself, so that no machine will ever compute with it. */
const NEVER_ANSWERED = [InputFormatError, InputShapeError, InputRangeError, InputTypeError];
