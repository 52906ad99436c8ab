/**
 * Something for the explorer to show on the local chain: a market with stakes and requests, the provenance of the
 * tabular model, one attestation. The same calls as `npm run demo:ledger` makes; nothing here is needed to prove.
 */
import { sendOnce, submitInference } from '../../src/chain/index.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import {
  answerOptimisticRequest,
  ask,
  DEFAULT_MARKET,
  deployLedger,
  LEDGER_ABIS,
  type Mode,
  ROYALTIES_ABI,
  stakeRequest,
  takeRequest,
} from '../../src/ledger/index.js';
import { toStruct } from '../../src/provenance/index.js';
import { recordProvenance } from '../../src/scenario/provenance.js';
import { contextFor, signalCalldata } from '../../src/solidity/index.js';
import { fixturePath, readFixture } from '../../src/workflow/fixture.js';
import { openProver } from '../../src/workflow/prove.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import type { SiteModel } from '../shared/site-info.js';
import type { SiteLocalChain } from './chain.js';

const ETHER = 10n ** 18n;
const TERMS = {
  operatorBps: 6_000,
  ownerBps: 2_500,
  contributorsBps: 1_500,
  parentsBps: 0,
  derivativeBps: 0,
  saleBps: 500,
};

export interface Scene {
  readonly provenance: string;
  readonly market: string;
}

/** Deploys and fills provenance ledger and market. `folder`: the build of the fixture `tabular`, as registered. */
export async function playScene(
  chain: SiteLocalChain,
  folder: string,
  { modelId: id, version }: NonNullable<SiteModel['registered']>,
): Promise<Scene> {
  const { people, rpc, registry, attestations } = chain;
  const modelId = BigInt(id);
  const ledger = await deployLedger(people.owner, registry, DEFAULT_MARKET);
  const market = ledger.market.address;
  const files = {
    dataSet: fixturePath('tabular', 'samples.json'),
    training: fixturePath('train'),
    onnx: fixturePath('tabular', 'model.onnx'),
  };
  const made = await recordProvenance(people, ledger.provenance.address, files, { modelId, version });
  await sendOnce(people.owner, {
    purpose: `terms of ${modelId}`,
    to: ledger.royalties.address,
    data: ROYALTIES_ABI.encodeFunctionData('setTerms', [modelId, version, TERMS, [], made.graph.map(toStruct)]),
    action: 'setting the terms',
    abis: LEDGER_ABIS,
  });
  await sendOnce(people.operator, stakeRequest(market, 2n * ETHER, 'scene'));
  await sendOnce(people.rival, stakeRequest(market, ETHER / 2n, 'scene'));

  const { input } = await readFixture('tabular');
  const prover = await openProver(
    folder,
    chooseBackend('auto', () => undefined),
  );
  try {
    const { manifest } = prover;
    const key = await readVerificationKey(folder);
    const account = people.asker.signer.address;
    const context = contextFor({ chainId: rpc.chainId, contract: attestations, account, nonce: 0n });
    const proved = await prover.prove(input, { context });
    await submitInference(people.asker, { attestations, modelId, version, key, manifest }, proved);
    let nonce = 0;
    const question = async (mode: Mode, fee: bigint): Promise<{ requestId: bigint; output: string }> => {
      const { inputCommitment, output } = signalCalldata(manifest, prover.infer(input).publicSignals);
      const block = await rpc.provider.getBlock('latest');
      const { requestId } = await ask(
        people.asker,
        market,
        {
          modelId,
          mode,
          inputCommitment,
          inputUri: 'ipfs://the-askers-document',
          fee,
          bond: ETHER / 5n,
          deadline: block!.timestamp + 86_400,
          window: 3_600,
        },
        `scene ${(nonce += 1)}`,
      );
      return { requestId, output };
    };
    const answered = await question('optimistic', ETHER / 20n);
    await sendOnce(people.operator, takeRequest(market, answered.requestId, 'scene'));
    await sendOnce(people.operator, answerOptimisticRequest(market, answered.requestId, answered.output, 'scene'));
    const taken = await question('proved', ETHER / 10n);
    await sendOnce(people.rival, takeRequest(market, taken.requestId, 'scene'));
    await question('proved', ETHER / 50n);
  } finally {
    await prover.close();
  }
  return { provenance: ledger.provenance.address, market };
}
