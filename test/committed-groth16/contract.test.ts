/** The generated verifier of committed rounds on anvil: the reference's answers, and its gas beside plain Groth16's. */
import assert from 'node:assert/strict';
import { Interface } from 'ethers';
import { signalLayout } from '../../src/bench/signal-layout.js';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { deployContract } from '../../src/chain/deploy.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { type Sender, sendOnce } from '../../src/chain/transactions.js';
import { verifyProofData } from '../../src/chain/verifier.js';
import { committedKeyHash, committedKeyWords, type CommittedVerificationKey } from '../../src/committed-groth16/key.js';
import { renderCommittedVerifier } from '../../src/committed-groth16/render-verifier.js';
import type { Round } from '../../src/committed-groth16/rounds.js';
import { BASE_FIELD } from '../../src/groth16/canonical.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { compileSolidity, renderVerifier } from '../../src/solidity/index.js';
import { trapdoor } from '../solidity/trapdoor.js';
import { fillWeightedLookup, weightedLookup, weightedSum } from './circuit.js';
import { proveInRounds, reference, type CommittedProof, type Reference } from './reference.js';

const WEIGHTS = [5n, FIELD_MODULUS - 9n];
const INPUTS = [2n, 3n];
const SUM = weightedSum(WEIGHTS, INPUTS);
/** Where the challenge is a public signal instead. */
const FIXED_CHALLENGE = 2n ** 200n + 1n;

interface Call {
  readonly a: readonly bigint[];
  readonly b: readonly (readonly bigint[])[];
  readonly c: readonly bigint[];
  readonly commitments: readonly (readonly bigint[])[];
  readonly signals: readonly bigint[];
}

describe('the verifier contract of committed rounds', function () {
  this.timeout(120_000);
  let anvil: Anvil;
  let rpc: Rpc;
  let system: Reference;
  let sender: Sender;

  interface Case {
    readonly vk: CommittedVerificationKey;
    readonly proof: CommittedProof;
    readonly signals: readonly bigint[];
    readonly abi: Interface;
    address: string;
  }
  const cases: Record<'both' | 'challenge' | 'weights', Case> = {} as never;

  const abiFor = (rounds: number, signals: number, challenges: number) =>
    new Interface([
      `function verifyProof(uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[2][${rounds}] commitments, uint256[${signals}] signals) view returns (bool)`,
      'function verificationKey() view returns (uint256[])',
      'function vkHash() view returns (bytes32)',
      `function challenges(uint256[2][${rounds}] commitments, uint256[${signals}] signals) view returns (uint256[${Math.max(1, challenges)}])`,
    ]);
  const made = (rounds: readonly Round[], of: (challenges: readonly (bigint | undefined)[]) => bigint | undefined) => {
    const circuit = { ...weightedLookup(), rounds };
    const key = system.setup(circuit);
    const signals = [SUM, ...(rounds.some(({ challenge }) => challenge) ? [] : [FIXED_CHALLENGE])];
    const fill = fillWeightedLookup(WEIGHTS, INPUTS);
    const proof = proveInRounds(system, key, signals, (challenges) => fill([undefined, of(challenges)]));
    const abi = abiFor(rounds.length, signals.length, rounds.filter(({ challenge }) => challenge).length);
    return { vk: key.verification, proof, signals, abi, address: '' };
  };
  const words = ({ proof, signals }: Case): Call => {
    const [x, y] = system.curve.G2.toObject(system.curve.G2.toAffine(proof.b)) as bigint[][];
    return {
      a: system.affine(proof.a),
      b: [
        [x[1], x[0]],
        [y[1], y[0]],
      ],
      c: system.affine(proof.c),
      commitments: proof.commitments.map(system.affine),
      signals,
    };
  };
  const data = ({ abi }: Case, { a, b, c, commitments, signals }: Call): string =>
    abi.encodeFunctionData('verifyProof', [a, b, c, commitments, signals]);
  const accepts = async (one: Case, call: Call): Promise<boolean> =>
    BigInt(await rpc.provider.call({ to: one.address, data: data(one, call) })) === 1n;
  const read = async ({ abi, address }: Case, name: string, values: readonly unknown[] = []): Promise<unknown> =>
    abi.decodeFunctionResult(
      name,
      await rpc.provider.call({ to: address, data: abi.encodeFunctionData(name, values) }),
    )[0];

  const plainAddress: Record<number, string> = {};
  const plain = { 1: undefined, 2: undefined } as unknown as Record<1 | 2, Awaited<ReturnType<typeof trapdoor>>>;

  before(async () => {
    [anvil, system] = await Promise.all([startAnvil(), reference()]);
    rpc = await connect(anvil.url);
    const [weights, lookup] = weightedLookup().rounds;
    cases.both = made([weights, lookup], ([, challenge]) => challenge);
    cases.challenge = made([lookup], ([challenge]) => challenge);
    cases.weights = made([weights], () => FIXED_CHALLENGE);
    for (const n of [1, 2] as const) plain[n] = await trapdoor(n);
    const sources = {
      ...Object.fromEntries(
        Object.entries(cases).map(([name, { vk }]) => [`${name}.sol`, renderCommittedVerifier(vk, name)]),
      ),
      ...Object.fromEntries(
        ([1, 2] as const).map((n) => [
          `plain${n}.sol`,
          renderVerifier(plain[n].key, signalLayout(`plain-${n}`, n), { contractName: `plain${n}` }),
        ]),
      ),
    };
    const compiled = await compileSolidity(sources);
    sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
    const deploy = async (name: string) => (await deployContract(sender, compiled[name], `deploying ${name}`)).address;
    for (const [name, one] of Object.entries(cases)) one.address = await deploy(name);
    for (const n of [1, 2]) plainAddress[n] = await deploy(`plain${n}`);
  });
  after(() => anvil?.stop());

  it('accepts what the reference proves, with and without a challenge', async () => {
    for (const [name, one] of Object.entries(cases)) {
      assert.equal(await system.verify(one.vk, one.signals, one.proof), true, name);
      assert.equal(await accepts(one, words(one)), true, name);
    }
  });

  it('has the key, its hash and the challenges that TypeScript computes', async () => {
    for (const one of Object.values(cases)) {
      assert.deepEqual([...((await read(one, 'verificationKey')) as bigint[])], committedKeyWords(one.vk));
      assert.equal(await read(one, 'vkHash'), committedKeyHash(one.vk));
    }
    for (const one of [cases.both, cases.challenge]) {
      const { commitments, signals } = words(one);
      const expected = system.challenges(one.vk, one.signals, one.proof.commitments).filter((c) => c !== undefined);
      assert.deepEqual([...((await read(one, 'challenges', [commitments, signals])) as bigint[])], expected);
    }
  });

  it('refuses every part changed, and every second spelling', async () => {
    const one = cases.both;
    const good = words(one);
    const [weights, lookup] = good.commitments;
    const negated = ([x, y]: readonly bigint[]) => [x, BASE_FIELD - y];
    const changes: Record<string, Partial<Call>> = {
      'another signal': { signals: [SUM + 1n] },
      'a signal plus r': { signals: [SUM + FIELD_MODULUS] },
      'A negated': { a: negated(good.a) },
      'C negated': { c: negated(good.c) },
      'C at infinity': { c: [0n, 0n] },
      'B at infinity': {
        b: [
          [0n, 0n],
          [0n, 0n],
        ],
      },
      'commitments swapped': { commitments: [lookup, weights] },
      'C as a commitment': { commitments: [weights, good.c], c: lookup },
      'weights of another proof': { commitments: [words(cases.weights).commitments[0], lookup] },
      ...Object.fromEntries(
        [0, 1].flatMap((j) => {
          const [x, y] = good.commitments[j];
          return Object.entries({
            negated: [x, BASE_FIELD - y],
            'plus q in x': [x + BASE_FIELD, y],
            'plus q in y': [x, y + BASE_FIELD],
            'at infinity': [0n, 0n],
            'infinity spelled with q': [BASE_FIELD, 0n],
            'off the curve': [x, y + 1n],
          }).map(([how, point]) => [`commitment ${j} ${how}`, { commitments: good.commitments.with(j, point) }]);
        }),
      ),
    };
    for (const [name, change] of Object.entries(changes))
      assert.equal(await accepts(one, { ...good, ...change }), false, name);
    assert.equal(await accepts(one, good), true);
  });

  it('reverts for want of gas, and never calls a valid proof invalid', async () => {
    for (const one of Object.values(cases)) {
      const call = { to: one.address, data: data(one, words(one)) };
      const least = Number(await rpc.provider.estimateGas(call));
      assert.equal(BigInt(await rpc.provider.call({ ...call, gasLimit: least })), 1n);
      for (let gas = least - 500; gas > least - 12_000; gas -= 1_000) {
        const answer = await rpc.provider.call({ ...call, gasLimit: gas }).catch(() => 'reverted');
        assert.ok(answer === 'reverted' || BigInt(answer) === 1n, `${gas} gas: ${answer}`);
      }
    }
  });

  it('costs at most 46,000 gas more for a round with a challenge, and 38,000 for one without', async () => {
    // What a whole transaction uses, calldata included.
    const used = async (to: string, input: string): Promise<number> =>
      Number(
        (
          await sendOnce(sender, {
            purpose: `${to} ${input}`,
            to,
            data: input,
            action: 'calling a verifier',
            abis: [],
            gas: 600_000n,
          })
        ).gasUsed,
      );
    const extra = async (one: Case, signals: 1 | 2): Promise<number> => {
      const { proof, publicSignals } = plain[signals].prove(one.signals);
      return (
        (await used(one.address, data(one, words(one)))) -
        (await used(plainAddress[signals], verifyProofData(proof, publicSignals)))
      );
    };
    const [challenge, weights, both] = [
      await extra(cases.challenge, 1),
      await extra(cases.weights, 2),
      await extra(cases.both, 1),
    ];
    const said = `challenge ${challenge}, weights ${weights}, both ${both}`;
    assert.ok(challenge > 40_150 && challenge <= 46_000, said);
    assert.ok(weights > 34_000 && weights <= 38_000, said);
    assert.ok(both > 74_150 && both <= 84_000, said);
  });
});
