/** The protocol of docs/committed-groth16.md, attacked on a small circuit: two private weights and a lookup. */
import assert from 'node:assert/strict';
import { challengeOf, type ChallengeInput } from '../../src/committed-groth16/challenge.js';
import { committedKeyHash, committedKeyWords, type CommittedVerificationKey } from '../../src/committed-groth16/key.js';
import { committedKeyFrom } from '../../src/committed-groth16/json.js';
import { requireRounds } from '../../src/committed-groth16/rounds.js';
import { ShapeMismatch } from '../../src/json-shape.js';
import { R1csBuilder } from '../../src/r1cs/builder.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { fillWeightedLookup, multiplicitiesAt, weightedLookup, weightedSum } from './circuit.js';
import {
  proveInRounds,
  randomScalar,
  randomSecrets,
  reference,
  withChallenges,
  type CommittedProof,
  type Reference,
  type ReferenceKey,
} from './reference.js';

const WEIGHTS = [-7n + FIELD_MODULUS, 11n];
const INPUTS = [3n, 1n];
const SIGNALS = [weightedSum(WEIGHTS, INPUTS)];

describe('Groth16 with committed rounds', function () {
  this.timeout(60_000);
  let system: Reference;
  let key: ReferenceKey;
  let good: CommittedProof;
  let vk: CommittedVerificationKey;
  const accepted = (proof: CommittedProof, signals: readonly bigint[] = SIGNALS, under = vk): Promise<boolean> =>
    system.verify(under, signals, proof);

  before(async () => {
    system = await reference();
    key = system.setup(weightedLookup());
    vk = key.verification;
    good = proveInRounds(system, key, SIGNALS, fillWeightedLookup(WEIGHTS, INPUTS));
  });

  it('accepts a proof made round by round, for its public signals alone', async () => {
    assert.equal(await accepted(good), true);
    assert.equal(await accepted(good, [SIGNALS[0] + 1n]), false);
    assert.equal(await accepted(good, [SIGNALS[0] + FIELD_MODULUS]), false, 'a signal has one spelling');
  });

  it('carries one commitment to the weights through proofs of different inputs', async () => {
    const blinding = randomScalar();
    const inputs = [2n, 2n];
    const first = proveInRounds(system, key, SIGNALS, fillWeightedLookup(WEIGHTS, INPUTS), [blinding]);
    const y = [weightedSum(WEIGHTS, inputs)];
    const second = proveInRounds(system, key, y, fillWeightedLookup(WEIGHTS, inputs), [blinding]);
    assert.deepEqual(system.affine(first.commitments[0]), system.affine(second.commitments[0]));
    assert.equal(await accepted(first), true);
    assert.equal(await accepted(second, y), true);
    const others = proveInRounds(system, key, y, fillWeightedLookup([1n, 1n], inputs), [blinding]);
    assert.equal(await accepted(others, y), false, 'y is not what these weights give');
    assert.notDeepEqual(system.affine(others.commitments[0]), system.affine(first.commitments[0]));
    assert.equal(
      await accepted({ ...second, commitments: [others.commitments[0], second.commitments[1]] }, y),
      false,
      'the commitment of other weights',
    );
  });

  it('hides what is committed to: two commitments to the same wires differ', () => {
    const again = proveInRounds(system, key, SIGNALS, fillWeightedLookup(WEIGHTS, INPUTS));
    for (const j of [0, 1])
      assert.notDeepEqual(system.affine(again.commitments[j]), system.affine(good.commitments[j]));
  });

  it('refuses a value outside the table, which passes where the challenge is known before the commitment', async () => {
    const forged = [9n, 1n];
    const y = [weightedSum(WEIGHTS, forged)];
    const honest = proveInRounds(system, key, y, fillWeightedLookup(WEIGHTS, forged));
    assert.equal(await accepted(honest, y), false);

    // The prover guesses a challenge and fits the multiplicities to it. The witness satisfies every constraint at that
    // challenge: only its place in the hash refuses the proof.
    const guess = randomScalar();
    const fill = fillWeightedLookup(WEIGHTS, forged, multiplicitiesAt(guess, forged));
    const session = system.prove(key, y);
    session.commit(fill([]));
    const real = session.commit(fill([undefined, undefined]))!;
    assert.notEqual(real, guess);
    const proof = session.finish(withChallenges(key.circuit, fill([undefined, guess]), [undefined, guess]));
    assert.equal(await accepted(proof, y), false);
    assert.equal(await pairsAt(guess, y, proof), true, 'at the guessed challenge the equation holds');
  });

  it('refuses multiplicities that are off by one', async () => {
    for (const multiplicities of [
      [0n, 1n, 0n, 2n],
      [0n, 2n, 0n, 1n],
      [0n, 1n, 0n, 0n],
      [FIELD_MODULUS - 1n, 1n, 0n, 1n],
    ]) {
      const proof = proveInRounds(system, key, SIGNALS, fillWeightedLookup(WEIGHTS, INPUTS, multiplicities));
      assert.equal(await accepted(proof), false, multiplicities.join());
    }
  });

  it('refuses commitments swapped between rounds, at infinity, negated, added to and of another key', async () => {
    const { G1 } = system.curve;
    const [weights, lookup] = good.commitments;
    const other = system.setup(weightedLookup());
    const foreign = proveInRounds(system, other, SIGNALS, fillWeightedLookup(WEIGHTS, INPUTS));
    const negate = (point: Uint8Array): Uint8Array => G1.timesScalar(point, FIELD_MODULUS - 1n);
    for (const [name, commitments] of Object.entries({
      swapped: [lookup, weights],
      'weights at infinity': [G1.zero, lookup],
      'lookup at infinity': [weights, G1.zero],
      'weights negated': [negate(weights), lookup],
      'lookup negated': [weights, negate(lookup)],
      'weights moved': [G1.add(weights, G1.g), lookup],
      'a part moved from one to the other': [G1.add(weights, G1.g), G1.add(lookup, negate(G1.g))],
      'of another key': foreign.commitments,
      'one short': [weights],
      'one more': [weights, lookup, lookup],
    })) {
      assert.equal(await accepted({ ...good, commitments }), false, name);
    }
    assert.equal(await accepted(foreign), false, 'a proof under another key');
    assert.equal(await accepted(foreign, SIGNALS, other.verification), true);
  });

  it('refuses a commitment whose change C makes up for: the challenge follows the commitment', async () => {
    const { G1 } = system.curve;
    const shift = randomScalar();
    const last = key.deltas.length - 1;
    const times = (scalar: bigint) => G1.timesScalar(G1.g, scalar % FIELD_MODULUS);
    // Another blinding of the same wires: valid in the equation, for the old challenge.
    const moved = (j: number): CommittedProof => ({
      ...good,
      commitments: good.commitments.with(j, G1.add(good.commitments[j], times(key.deltas[last] * shift))),
      c: G1.add(good.c, times(key.deltas[j] * (FIELD_MODULUS - shift))),
    });
    const challenge = system.challenges(vk, SIGNALS, good.commitments)[1]!;
    for (const j of [0, 1]) {
      assert.equal(await pairsAt(challenge, SIGNALS, moved(j)), true);
      assert.equal(await accepted(moved(j)), false, `round ${j}`);
    }
  });

  it('checks many proofs at once, and refuses a batch with one forged, whichever it is', async () => {
    const forged = { ...good, c: system.curve.G1.add(good.c, system.curve.G1.g) };
    const statement = (proof: CommittedProof) => ({ publicSignals: SIGNALS, proof });
    assert.equal(await system.verifyBatch(vk, [good, good, good].map(statement)), true);
    for (const place of [0, 1, 2])
      assert.equal(await system.verifyBatch(vk, [good, good, good].with(place, forged).map(statement)), false);
    const opposite = {
      ...good,
      c: system.curve.G1.add(good.c, system.curve.G1.timesScalar(system.curve.G1.g, FIELD_MODULUS - 1n)),
    };
    assert.equal(await system.verifyBatch(vk, [forged, opposite].map(statement)), false, 'errors that cancel');
  });

  it('binds a challenge to each of its parts', () => {
    const input: ChallengeInput = {
      keyHash: committedKeyHash(vk),
      publicSignals: [5n, 6n],
      commitments: [
        [1n, 2n],
        [3n, 4n],
      ],
    };
    const all = [
      input,
      { ...input, keyHash: committedKeyHash(system.setup(weightedLookup()).verification) },
      { ...input, publicSignals: [5n, 7n] },
      { ...input, publicSignals: [4n, 6n] },
      { ...input, publicSignals: [5n, 6n, 0n] },
      { ...input, commitments: [input.commitments[0]] },
      ...[0, 1].flatMap((j) =>
        [0, 1].map((part) => ({
          ...input,
          commitments: input.commitments.with(j, input.commitments[j].with(part, 9n) as [bigint, bigint]),
        })),
      ),
      { ...input, commitments: [...input.commitments].reverse() },
      // The same words, cut otherwise: the round tells them apart.
      { ...input, publicSignals: [5n, 6n, 1n, 2n], commitments: [input.commitments[1]] },
    ];
    assert.equal(new Set(all.map(challengeOf)).size, all.length);
    for (const one of all) assert.ok(challengeOf(one) < FIELD_MODULUS);
  });

  /** The equation alone, with a challenge that is given instead of computed. */
  async function pairsAt(challenge: bigint, signals: readonly bigint[], proof: CommittedProof): Promise<boolean> {
    // A key without a challenge whose second signal is what was the challenge's wire.
    const plain = { ...vk, challenges: [false, false], nPublic: vk.nPublic + 1 };
    return await system.verify(plain, [...signals, challenge], proof);
  }
});

describe('the verification key of committed rounds', () => {
  let vk: CommittedVerificationKey;
  let system: Reference;
  before(async () => {
    system = await reference();
    vk = system.setup(weightedLookup()).verification;
  });

  it('has a hash of its own for each of its parts', () => {
    const hashes = [
      vk,
      { ...vk, challenges: [true, false] },
      { ...vk, vk_deltas_2: [vk.vk_deltas_2[1], vk.vk_deltas_2[0], vk.vk_deltas_2[2]] },
      { ...vk, IC: [...vk.IC].reverse() },
      { ...vk, challenges: [false, false], nPublic: 2 },
    ].map(committedKeyHash);
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('is refused where two sets share a delta, or nobody has moved one', () => {
    const secrets = randomSecrets(2);
    const made = (changes: Partial<typeof secrets>) => () =>
      committedKeyWords(system.setup(weightedLookup(), { ...secrets, ...changes }).verification);
    const [first, second, last] = secrets.deltas;
    made({})();
    for (const deltas of [
      [first, first, last],
      [first, second, FIELD_MODULUS - second],
      [first, second, secrets.gamma],
      [first, 1n, last],
    ]) {
      assert.throws(made({ deltas }), { code: 'KEY_UNFINISHED' });
    }
    assert.throws(made({ beta: 1n }), { code: 'KEY_UNFINISHED' });
    assert.throws(made({ alpha: 1n }), { code: 'KEY_UNFINISHED' });
  });

  it('is refused by the name of the part that is damaged', () => {
    const broken = (change: Partial<CommittedVerificationKey>) => () => committedKeyWords({ ...vk, ...change });
    const code = 'INVALID_VERIFICATION_KEY';
    assert.throws(broken({ IC: vk.IC.slice(1) }), { code, message: /IC points/ });
    assert.throws(broken({ vk_deltas_2: vk.vk_deltas_2.slice(1) }), { code, message: /2 deltas for 2 rounds/ });
    assert.throws(broken({ challenges: [] }), { code, message: /0 rounds/ });
    assert.throws(broken({ nPublic: -1 }), { code, message: /IC points/ });
    assert.throws(broken({ IC: vk.IC.with(1, ['1', '3', '1']) }), { code, message: /IC\[1\].*curve/ });
    assert.throws(broken({ protocol: 'groth16' as never }), { code, message: /groth16/ });
  });
});

describe('the verification key of committed rounds in JSON', () => {
  let vk: CommittedVerificationKey;
  before(async () => {
    vk = (await reference()).setup(weightedLookup()).verification;
  });

  it('is read back as it was written', () => {
    assert.deepEqual(committedKeyFrom(JSON.parse(JSON.stringify(vk))), vk);
  });

  it('is refused with any part missing or of another shape', () => {
    for (const part of Object.keys(vk)) {
      for (const wrong of [undefined, null, 3.5, 'x', [], [[]], {}, [vk]]) {
        assert.throws(() => committedKeyFrom({ ...vk, [part]: wrong }), ShapeMismatch, `${part}: ${String(wrong)}`);
      }
    }
    for (const wrong of [null, 1, 'x', []]) assert.throws(() => committedKeyFrom(wrong), ShapeMismatch);
    for (const change of [
      { nPublic: -1 },
      { nPublic: 2 },
      { challenges: [true, true] },
      { challenges: [true] },
      { challenges: new Array<boolean>(9).fill(false) },
      { vk_deltas_2: vk.vk_deltas_2.slice(1) },
      { IC: vk.IC.slice(1) },
    ]) {
      assert.throws(() => committedKeyFrom({ ...vk, ...change }), ShapeMismatch, JSON.stringify(Object.keys(change)));
    }
  });
});

describe('rounds of a circuit', () => {
  const circuit = weightedLookup();
  const withRounds =
    (...sets: readonly (readonly number[])[]) =>
    () =>
      requireRounds({
        ...circuit,
        rounds: sets.map((wires) => ({ wires: Uint32Array.from(wires), challenge: false })),
      });

  it('are disjoint sets of private wires, none of them empty', () => {
    withRounds([3, 4], [5, 6])();
    assert.throws(withRounds(), { code: 'ROUNDS', message: /1 to 8 rounds/ });
    assert.throws(withRounds([3], []), { code: 'ROUNDS', message: /Round 1 has no wires/ });
    assert.throws(withRounds([3, 4], [4]), { code: 'ROUNDS', message: /Wire 4 is in round 0 and in round 1/ });
    assert.throws(withRounds([3, 3]), { code: 'ROUNDS' });
    assert.throws(withRounds([2]), { code: 'ROUNDS', message: /wire 2, which is public/ });
    assert.throws(withRounds([999]), { code: 'ROUNDS', message: /wire 999/ });
  });

  it('commit to independent columns only: each dependent wire is refused before a setup', () => {
    // Wires 1 .. 4; every row is a list of [wire, coefficient] for A.
    const check =
      (...rows: readonly (readonly (readonly [number, number])[])[]) =>
      () => {
        const builder = new R1csBuilder();
        for (const row of rows) {
          for (const [wire, coefficient] of row) builder.a.push(wire, builder.coefficients.idOf(coefficient));
          builder.endConstraint();
        }
        const counts = { wireCount: 5, publicOutputCount: 0, publicInputCount: 0, privateInputCount: 0 };
        requireRounds({
          system: builder.finish(counts),
          rounds: [{ wires: Uint32Array.of(1, 2, 3), challenge: false }],
        });
      };
    const refused = { code: 'ROUNDS', message: /round 0: the column of wire [123]/ };
    check([[1, 1]], [[2, 1]], [[3, 1]])();
    check(
      [
        [1, 1],
        [2, 1],
      ],
      [
        [2, 1],
        [3, 5],
      ],
      [[3, 1]],
    )();
    check(
      [
        [1, 1],
        [2, 1],
      ],
      [
        [2, 1],
        [3, 1],
      ],
      [
        [1, 1],
        [3, 1],
      ],
    )();
    assert.throws(check([[1, 1]], [[2, 1]]), refused, 'a wire in no row');
    assert.throws(
      check(
        [[1, 1]],
        [
          [2, 1],
          [3, 1],
        ],
      ),
      refused,
      'two wires that only occur together',
    );
    assert.throws(
      check(
        [
          [1, 1],
          [2, 1],
        ],
        [
          [2, 1],
          [3, 1],
        ],
        [
          [1, 1],
          [3, -1],
        ],
      ),
      refused,
      'a dependency of all three',
    );
    assert.throws(
      check(
        [[1, 1]],
        [
          [2, 2],
          [3, 4],
        ],
        [
          [2, 3],
          [3, 6],
        ],
      ),
      refused,
      'proportional columns',
    );
    assert.throws(check([[1, 1]], [[2, 1]], [[4, 1]]), refused, 'a row of a wire outside the round does not help');
  });
});
