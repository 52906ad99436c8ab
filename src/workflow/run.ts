/** `run`: a model and an input to a proof that a contract accepted, in one go, with the time of every stage. */
import { deployVerifier, submitToVerifier, updateDeployment, verifyOnChain } from '../chain/index.js';
import { compileCached, vkHash } from '../solidity/index.js';
import { MAX_SIGNALS, VerifierRenderError } from '../solidity/render.js';
import type { Groth16Backend, OnProgress, VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';
import { writeBuild } from './build-folder.js';
import { buildFiles, compileOnnx, tooManySignals, type CompiledModel, type CompileOptions } from './compile.js';
import { compileVerifier, withSender, type ChainOptions, type SubmitResult } from './contract.js';
import type { Sample } from './input-json.js';
import { openProver, type ProveResult } from './prove.js';
import type { ProofFile } from './proof-file.js';
import { setupBuild } from './setup.js';
import { readVerificationKey, verifyProof } from './verify.js';

export const STAGES = ['compile', 'setup', 'witness', 'prove', 'verify', 'solidity', 'deploy', 'submit'] as const;
export type Stage = (typeof STAGES)[number];

export interface RunResult extends Omit<ProveResult, 'salts'> {
  readonly folder: string;
  readonly compiled: Pick<CompiledModel, 'manifest' | 'accuracy' | 'layers'>;
  /** Seconds of each stage, and of everything from first to last; `solidity` runs beside `prove` and `verify`. */
  readonly stages: Readonly<Record<Stage | 'total', number>>;
  readonly verified: boolean;
  readonly deployment: { readonly address: string; readonly chainId: number; readonly gasUsed: number };
  readonly submission: SubmitResult;
}

export interface RunOptions extends CompileOptions, ChainOptions {
  readonly folder: string;
  /** The model as it was compiled with these options, where that was done before. */
  readonly compiled?: CompiledModel;
  /** Where the ONNX file is, and whether keys of another model there are dropped; see `writeBuild`. */
  readonly modelPath?: string;
  readonly dropKeys?: boolean;
  readonly ptau?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** Called with the accepted proof while the chain is still open, to try the contract further. */
  readonly afterwards?: (
    contract: { readonly ask: (proof: ProofFile) => Promise<boolean> },
    result: ProveResult,
  ) => Promise<void>;
}

export async function runModel(
  onnx: Uint8Array,
  input: Sample,
  backend: Groth16Backend,
  options: RunOptions,
): Promise<RunResult> {
  const { folder, onProgress, signal } = options;
  const begin = performance.now();
  const seconds: Partial<Record<Stage, number>> = {};
  const timed = async <T>(stage: Stage, work: () => Promise<T>): Promise<T> => {
    options.onStage?.(stage);
    const start = performance.now();
    const result = await work();
    seconds[stage] = (performance.now() - start) / 1000;
    return result;
  };
  let written: Manifest | undefined;
  const compiled = await timed('compile', async () => {
    const model = options.compiled ?? (await compileOnnx(onnx, { ...options, onStage: undefined }));
    const { publicSignals } = model.manifest.circuit;
    if (publicSignals > MAX_SIGNALS) throw new VerifierRenderError(tooManySignals(publicSignals));
    written = await writeBuild(folder, model.manifest, buildFiles(model), {
      modelPath: options.modelPath,
      dropKeys: options.dropKeys,
    });
    return model;
  });
  const key = await timed('setup', async () => {
    // Keys that the build has are of this circuit. Powers of tau take the place of development keys only.
    const kind = written?.keys?.kind;
    if (kind === 'ptau' || (kind === 'development' && options.ptau === undefined))
      return await readVerificationKey(folder);
    // With powers of tau this run contributes once itself, so that there always is a key.
    const contribute = options.ptau === undefined ? undefined : {};
    return (await setupBuild(folder, backend, { ptau: options.ptau, contribute, onProgress, signal }))
      .key as VerificationKey;
  });
  // solc works in a thread of its own while the proof is made; its failure is met where its result is used.
  const contractReady = timed('solidity', () => compileVerifier(folder, compileCached));
  contractReady.catch(() => undefined);
  return await withSender(folder, options, async (sender, chain) => {
    const proved = await timed('prove', async () => {
      const prover = await openProver(folder, backend);
      try {
        // The verifier alone does not look at the context, and no contract that does is known yet: the proof is for
        // nobody in particular.
        return await prover.prove(input, { context: 0n, onProgress, signal });
      } finally {
        await prover.close();
      }
    });
    seconds.witness = proved.witnessSeconds;
    seconds.prove = proved.proveSeconds;
    const { valid } = await timed('verify', () => verifyProof(folder, backend, proved));
    options.onStage?.('solidity');
    const artifact = await contractReady;
    const deployed = await timed('deploy', async () => {
      const done = await deployVerifier(sender, artifact, key);
      await updateDeployment(folder, chain.rpc, {
        verifier: { address: done.address, transaction: done.transaction, vkHash: vkHash(key) },
      });
      return done;
    });
    const contract = deployed.address;
    const chainId = chain.rpc.chainId;
    const submission = await timed('submit', () =>
      submitToVerifier(sender, contract, key, artifact, proved.proof, proved.publicSignals),
    );
    await chain.save();
    const total = (performance.now() - begin) / 1000;
    await options.afterwards?.(
      { ask: ({ proof, publicSignals }) => verifyOnChain(chain.rpc, contract, proof, publicSignals) },
      proved,
    );
    const { proof, publicSignals, outputs, witnessSeconds, proveSeconds } = proved;
    return {
      proof,
      publicSignals,
      outputs,
      witnessSeconds,
      proveSeconds,
      folder,
      compiled,
      stages: { ...(seconds as Record<Stage, number>), total },
      verified: valid,
      deployment: { address: contract, chainId, gasUsed: deployed.gasUsed },
      submission: { ...submission, contract, chainId, notKnown: [] },
    };
  });
}
