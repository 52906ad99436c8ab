/** A market with one served model on a fresh chain: what measurements and tests of operators start from. */
import {
  deployContract,
  deployRegistry,
  registerModel,
  type RegisteredModel,
  type Sender,
  sendOnce,
} from '../chain/index.js';
import {
  ask,
  deployLedger,
  LEDGER_ABIS,
  type LedgerContracts,
  type MarketConfig,
  type Mode,
  outputSaltOf,
  ROYALTIES_ABI,
} from '../ledger/index.js';
import { storeInput } from '../operator/index.js';
import { verifierOf } from '../operator/served-models.js';
import { PROVENANCE_ABI } from '../provenance/abi.js';
import { signalCalldata } from '../solidity/index.js';
import { readManifest } from '../workflow/build-folder.js';
import type { Sample } from '../workflow/input-json.js';
import { openWitness } from '../workflow/prove.js';
import { readVerificationKey } from '../workflow/verify.js';

/** The asker's wishes; times in seconds, money in wei. */
export interface Wish {
  readonly mode: Mode;
  readonly fee: bigint;
  readonly bond: bigint;
  readonly window: number;
  /** Time from now in which it can be taken. */
  readonly open: number;
  readonly input: Sample;
  /** Who is paid for finding a lie; default nobody but the asker. */
  readonly watcher?: string;
}

export interface OpenMarket {
  readonly ledger: LedgerContracts;
  readonly address: string;
  /** The ERC-7992 verifier beside the registry. */
  readonly attestations: string;
  readonly model: RegisteredModel;
  /** Commits to an input, stores it in `folder` and asks about it. */
  ask(
    folder: string,
    asker: Sender,
    wish: Wish,
  ): Promise<{ readonly requestId: bigint; readonly output: string; readonly blockNumber: number }>;
}

/** Parts of a fee, in 1/10,000. */
export const SHARES = { operator: 7_000, owner: 3_000 } as const;

/** Deploys everything and registers the build in `folder`; `owner` owns all of it. */
export async function openMarket(owner: Sender, folder: string, config: MarketConfig): Promise<OpenMarket> {
  const manifest = await readManifest(folder);
  const key = await readVerificationKey(folder);
  const { registry, attestations } = await deployRegistry(owner);
  const ledger = await deployLedger(owner, registry.address, config);
  const artifact = await verifierOf(folder);
  const verifier = await deployContract(owner, artifact, 'deploying the verifier');
  const model = await registerModel(owner, registry.address, { manifest, key, verifier: verifier.address, artifact });
  const terms = {
    operatorBps: SHARES.operator,
    ownerBps: SHARES.owner,
    contributorsBps: 0,
    parentsBps: 0,
    derivativeBps: 0,
    saleBps: 0,
  };
  await sendOnce(owner, {
    purpose: `no lineage of ${model.modelId}`,
    to: ledger.provenance.address,
    data: PROVENANCE_ABI.encodeFunctionData('declareWithoutLineage', [model.modelId, model.version]),
    action: 'declaring that the model has no lineage',
    abis: [PROVENANCE_ABI],
  });
  await sendOnce(owner, {
    purpose: `terms of ${model.modelId}`,
    to: ledger.royalties.address,
    data: ROYALTIES_ABI.encodeFunctionData('setTerms', [model.modelId, model.version, terms, [], []]),
    action: 'setting the terms',
    abis: LEDGER_ABIS,
  });
  const witness = await openWitness(folder);
  const address = ledger.market.address;
  let questions = 0;
  /** As every operator computes it: with the salt that follows from the request. */
  const hashedOutput = (
    input: Sample,
    salts: { readonly input?: string },
    requestId: bigint,
    inputCommitment: string,
    chainId: number,
  ): string => {
    const salt = outputSaltOf(salts.input!, {
      chainId,
      market: address,
      requestId: String(requestId),
      inputCommitment,
    });
    return signalCalldata(manifest, witness.infer(input, 0n, { ...salts, output: salt }).publicSignals).output;
  };
  return {
    ledger,
    address,
    attestations: attestations.address,
    model,
    async ask(inputs, asker, { mode, fee, bond, window, open, input, watcher }) {
      const { publicSignals, salts } = witness.infer(input);
      const { inputCommitment, output } = signalCalldata(manifest, publicSignals);
      const document = JSON.stringify({
        input_data: input.map((values) => Array.from(values)),
        ...(salts.input ? { salt: salts.input } : {}),
      });
      const inputUri = await storeInput(inputs, document);
      const block = await asker.rpc.provider.getBlock('latest');
      const question = {
        modelId: model.modelId,
        mode,
        inputCommitment,
        inputUri,
        fee,
        bond,
        deadline: block!.timestamp + open,
        window,
        watcher,
      };
      const { requestId, blockNumber } = await ask(asker, address, question, `${inputUri} ${(questions += 1)}`);
      return {
        requestId,
        output:
          manifest.visibility.output === 'hashed'
            ? hashedOutput(input, salts, requestId, inputCommitment, asker.rpc.chainId)
            : output,
        blockNumber,
      };
    },
  };
}
