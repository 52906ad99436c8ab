/**
 * Four verifiers, one answer: native, snarkjs, the generated contract for one proof and for a batch. A proof has one
 * spelling; all that stands for the same points and numbers in another way is refused by every one of them.
 */
import assert from 'node:assert/strict';
import { Interface } from 'ethers';
import { signalLayout } from '../../src/bench/signal-layout.js';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { deployContract } from '../../src/chain/deploy.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { loadNative } from '../../src/groth16/native.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import type { Proof } from '../../src/groth16/types.js';
import { BASE_FIELD } from '../../src/groth16/canonical.js';
import { FIELD_MODULUS } from '../../src/r1cs/types.js';
import { compileSolidity, proofCalldata, renderVerifier } from '../../src/solidity/index.js';
import { type Trapdoor, trapdoor } from './trapdoor.js';

type Points = { pi_a: unknown[]; pi_b: unknown[][]; pi_c: unknown[] };
type Statement = { readonly proof: Proof; readonly publicSignals: readonly string[] };
type Verifier = (statement: Statement) => Promise<boolean>;

const SIGNALS = 3;
const SINGLE = new Interface([
  `function verifyProof(uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[${SIGNALS}] signals) view returns (bool)`,
]);
const BATCH = new Interface([
  `function verifyBatch(uint256[8][] proofs, uint256[${SIGNALS}][] signals) view returns (bool)`,
]);

describe('every verifier takes the one spelling of a proof, and no other', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let secret: Trapdoor;
  let good: Statement;
  let verifiers: Record<string, Verifier>;

  /** What a caller of the contract would send: numbers as they stand, whatever they stand for. */
  const words = ({ proof, publicSignals }: Statement) => {
    const { a, b, c, signals } = proofCalldata(proof, publicSignals);
    return { a, b, c, signals, points: [...a, ...b.flat(), ...c] };
  };

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    secret = await trapdoor(SIGNALS);
    good = secret.prove([5n, 6n, 7n]);
    const { V } = await compileSolidity({
      'V.sol': renderVerifier(secret.key, signalLayout('v', SIGNALS, 10, 20), { contractName: 'V' }),
    });
    const { address } = await deployContract(
      { rpc, signer: developmentSigner(), journal: memoryJournal() },
      V,
      'deploying the verifier',
    );
    const ask = async (abi: Interface, name: string, values: readonly unknown[]): Promise<boolean> =>
      abi.decodeFunctionResult(
        name,
        await rpc.provider.call({ to: address, data: abi.encodeFunctionData(name, [...values]) }),
      )[0] as boolean;
    const batch =
      (around: readonly Statement[], place: number): Verifier =>
      async (statement) => {
        const all = [...around.slice(0, place), statement, ...around.slice(place)].map(words);
        return await ask(BATCH, 'verifyBatch', [all.map(({ points }) => points), all.map(({ signals }) => signals)]);
      };
    const native = loadNative();
    verifiers = {
      ...('backend' in native
        ? { native: ({ proof, publicSignals }: Statement) => native.backend.verify(secret.key, publicSignals, proof) }
        : {}),
      snarkjs: ({ proof, publicSignals }) => snarkjsBackend.verify(secret.key, publicSignals, proof),
      'contract, one proof': async (statement) => {
        const { a, b, c, signals } = words(statement);
        return await ask(SINGLE, 'verifyProof', [a, b, c, signals]);
      },
      'contract, a batch of one': batch([], 0),
      'contract, first of two': batch([good], 0),
      'contract, last of two': batch([good], 1),
    };
  });
  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
  });

  /** An error is a refusal where the statement has no form that a verifier could read. */
  const answers = async (statement: Statement): Promise<Record<string, boolean>> => {
    const entries = await Promise.all(
      Object.entries(verifiers).map(
        async ([name, verify]) => [name, await verify(statement).catch(() => false)] as const,
      ),
    );
    return Object.fromEntries(entries);
  };
  const all = (answer: boolean): Record<string, boolean> =>
    Object.fromEntries(Object.keys(verifiers).map((name) => [name, answer]));
  /** The statement with a part of it changed. */
  const changed = (statement: Statement, change: (parts: Points, signals: unknown[]) => void): Statement => {
    const copy = structuredClone(statement) as unknown as { proof: Points; publicSignals: unknown[] };
    change(copy.proof, copy.publicSignals);
    return copy as unknown as Statement;
  };

  it('the proof itself is accepted, also with a point at infinity in its one form', async () => {
    assert.deepEqual(await answers(good), all(true));
    for (const infinite of ['a', 'b', 'c'] as const) {
      const statement = secret.prove([5n, 6n, 7n], infinite);
      assert.ok(JSON.stringify(statement.proof[`pi_${infinite}`]).includes('"0"'), infinite);
      assert.deepEqual(await answers(statement), all(true), `${infinite} at infinity`);
      const off = changed(statement, ({ pi_a, pi_c }) => void ((infinite === 'a' ? pi_c : pi_a)[1] = '5'));
      assert.deepEqual(await answers(off), all(false), `${infinite} at infinity, another point off the curve`);
    }
  });

  it('a coordinate or a signal plus its modulus is refused, as often as it fits 256 bits', async () => {
    const more = (list: unknown[], i: number, modulus: bigint, times: bigint): void =>
      void (list[i] = String(BigInt(list[i] as string) + times * modulus));
    for (const times of [1n, 2n, 4n]) {
      for (const i of [0, 1]) {
        assert.deepEqual(
          await answers(changed(good, ({ pi_a }) => more(pi_a, i, BASE_FIELD, times))),
          all(false),
          `A ${i}`,
        );
        assert.deepEqual(
          await answers(changed(good, ({ pi_c }) => more(pi_c, i, BASE_FIELD, times))),
          all(false),
          `C ${i}`,
        );
        for (const k of [0, 1])
          assert.deepEqual(
            await answers(changed(good, ({ pi_b }) => more(pi_b[i], k, BASE_FIELD, times))),
            all(false),
            `B ${i} ${k}`,
          );
      }
      for (let i = 0; i < SIGNALS; i++) {
        assert.deepEqual(
          await answers(changed(good, (_, signals) => more(signals, i, FIELD_MODULUS, times))),
          all(false),
          `signal ${i}`,
        );
      }
    }
  });

  it('infinity in any other form is refused: with a modulus for a zero, as another multiple, in affine zeros, with another z', async () => {
    const q = String(BASE_FIELD);
    for (const infinite of ['a', 'c'] as const) {
      const statement = secret.prove([5n, 6n, 7n], infinite);
      const forms = [
        ['0', '0', '0'],
        ['0', '2', '0'],
        ['1', '1', '0'],
        ['0', q, '1'],
        [q, '0', '1'],
        [q, q, '1'],
        ['0', '1', q],
        ['0', '1', '1'],
        ['0', '1', '00'],
      ];
      for (const form of forms) {
        assert.deepEqual(
          await answers(changed(statement, (points) => void (points[`pi_${infinite}`] = form))),
          all(false),
          `${infinite} as ${form.join()}`,
        );
      }
    }
    const statement = secret.prove([5n, 6n, 7n], 'b');
    const forms = [
      [
        ['0', '0'],
        ['0', '0'],
        ['0', '0'],
      ],
      [
        ['0', '0'],
        ['2', '0'],
        ['0', '0'],
      ],
      [
        ['0', '0'],
        [q, '0'],
        ['1', '0'],
      ],
      [
        [q, '0'],
        ['0', '0'],
        ['1', '0'],
      ],
      [
        ['0', '0'],
        ['1', '0'],
        ['1', '0'],
      ],
      [
        ['0', '0'],
        ['1', '0'],
        ['0', '1'],
      ],
    ];
    for (const form of forms)
      assert.deepEqual(
        await answers(changed(statement, (points) => void (points.pi_b = form))),
        all(false),
        `b as ${form.join()}`,
      );
  });

  it('infinity is refused where the statement does not hold with it', async () => {
    const infinity = ['0', '1', '0'];
    assert.deepEqual(await answers(changed(good, (points) => void (points.pi_a = infinity))), all(false));
    assert.deepEqual(await answers(changed(good, (points) => void (points.pi_c = infinity))), all(false));
    assert.deepEqual(
      await answers(
        changed(
          good,
          (points) =>
            void (points.pi_b = [
              ['0', '0'],
              ['1', '0'],
              ['0', '0'],
            ]),
        ),
      ),
      all(false),
    );
  });

  it('numbers spelled in another way are refused: leading zeros, signs, spaces, hexadecimal, fractions, JSON numbers', async () => {
    const spellings: ((text: string) => unknown)[] = [
      (text) => `0${text}`,
      (text) => `+${text}`,
      (text) => `-${text}`,
      (text) => ` ${text}`,
      (text) => `${text}\n`,
      (text) => `0x${BigInt(text).toString(16)}`,
      (text) => `${text}.0`,
      (text) => `${text}e0`,
      (text) => `${text}n`,
      () => '',
      (text) => Number(text),
      () => null,
      (text) => [text],
    ];
    for (const spell of spellings) {
      const respell = (list: unknown[], i: number): void => void (list[i] = spell(String(list[i])));
      const cases = [
        changed(good, ({ pi_a }) => respell(pi_a, 0)),
        changed(good, ({ pi_b }) => respell(pi_b[1], 0)),
        changed(good, ({ pi_c }) => respell(pi_c, 1)),
        changed(good, (_, signals) => respell(signals, 0)),
      ];
      for (const statement of cases) {
        // What reaches a contract are words: JSON's spelling is judged by whoever reads the file.
        const { native, snarkjs } = await answers(statement);
        assert.deepEqual([native ?? false, snarkjs], [false, false], String(spell));
      }
    }
  });

  it('points with another z, more parts or fewer are refused', async () => {
    const cases = [
      changed(good, ({ pi_a }) => void (pi_a[2] = '2')),
      changed(good, ({ pi_c }) => void (pi_c[2] = '0')),
      changed(good, ({ pi_b }) => void (pi_b[2] = ['1', '1'])),
      changed(good, ({ pi_b }) => void (pi_b[2] = ['2', '0'])),
      changed(good, ({ pi_a }) => void (pi_a[2] = '01')),
      changed(good, ({ pi_a }) => void pi_a.pop()),
      changed(good, ({ pi_b }) => void pi_b.pop()),
      changed(good, (_, signals) => void signals.pop()),
      changed(good, (_, signals) => void signals.push('0')),
    ];
    for (const statement of cases)
      assert.deepEqual(await answers(statement), all(false), JSON.stringify(statement).slice(0, 200));
    for (const statement of [
      changed(good, ({ pi_a }) => void pi_a.push('1')),
      changed(good, ({ pi_b }) => void pi_b[2].push('0')),
    ]) {
      const { native, snarkjs } = await answers(statement);
      assert.deepEqual([native ?? false, snarkjs], [false, false]);
    }
  });
});
