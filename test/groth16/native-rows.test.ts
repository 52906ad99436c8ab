import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as snarkjs from 'snarkjs';

import { compileModel } from '../../src/compile/compile.js';
import { NativeError, type NativeBackend } from '../../src/groth16/binding.js';
import { snarkjsBackend } from '../../src/groth16/snarkjs.js';
import { decodeR1cs, encodeR1cs } from '../../src/r1cs/r1cs-file.js';
import type { ConstraintSource, R1cs, SparseMatrix } from '../../src/r1cs/types.js';
import { seeded } from '../onnx/support/random.js';
import { LAYER_CASES } from '../quantize/support/graphs.js';
import { quantizeRandomly } from '../quantize/support/samples.js';
import { cubic } from './support/circuits.js';
import { nativeOrSkip } from './support/native.js';

/** Powers of tau for circuits of up to 256 rows. */
const POWER = 8;

describe('native setup from constraints batch by batch', () => {
  let native: NativeBackend;
  let folder: string;
  let ptau: string;
  const at = (name: string): string => path.join(folder, name);

  before(async function () {
    native = nativeOrSkip(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-test-'));
    ptau = at('prepared.ptau');
    const curve = await snarkjs.curves.getCurveFromName('bn128');
    await snarkjs.powersOfTau.newAccumulator(curve, POWER, at('first.ptau'));
    await snarkjs.powersOfTau.contribute(at('first.ptau'), at('second.ptau'), 'test', 'entropy of a test');
    await snarkjs.powersOfTau.preparePhase2(at('second.ptau'), ptau);
    await curve.terminate();
  });

  after(() => {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  });

  it('makes the same key of layers that are written out nowhere as of their file, byte for byte', async () => {
    const random = seeded(403);
    const { make } = LAYER_CASES.find(({ name }) => name === 'dense and relu')!;
    const model = quantizeRandomly(make(random), 4, random);
    const visibility = { input: 'public', output: 'public' } as const;
    const { constraints, plan } = await compileModel(model, visibility, { leastWork: 0 });
    const written = await compileModel(model, visibility, { leastWork: Infinity });
    assert.ok(plan.linear.length > 0 && written.plan.linear.length === 0);
    fs.writeFileSync(at('written.r1cs'), encodeR1cs(written.system));
    await native.setup(at('written.r1cs'), at('file.zkey'), { ptau });
    await native.setup(constraints, at('rows.zkey'), { ptau, checkPowers: false });
    assert.ok(fs.readFileSync(at('rows.zkey')).equals(fs.readFileSync(at('file.zkey'))));
    for (const rows of [1, 5]) {
      await native.setup(inBatches(written.system, rows), at('rows.zkey'), { ptau, checkPowers: false });
      assert.ok(fs.readFileSync(at('rows.zkey')).equals(fs.readFileSync(at('file.zkey'))), `${rows} rows a batch`);
    }
  });

  it('makes keys that are verified against constraints, and that snarkjs makes of them, too', async () => {
    const circuit = inBatches(decodeR1cs(cubic()), 1);
    await native.setup(circuit, at('initial.zkey'), { ptau, checkPowers: false });
    await native.ceremony.contribute(at('initial.zkey'), at('final.zkey'));
    const options = { r1cs: circuit, ptau, checkPowers: false };
    const record = await native.ceremony.verifyKey(at('final.zkey'), options);
    assert.deepEqual(record, await native.ceremony.inspectKey(at('final.zkey')));
    await snarkjsBackend.setup(circuit, at('theirs.zkey'), { ptau, checkPowers: false });
    assert.ok(fs.readFileSync(at('theirs.zkey')).equals(fs.readFileSync(at('initial.zkey'))));
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.includes('tmp')),
      [],
    );
  });

  it('passes on what the constraints throw, wherever they do, and leaves no file', async () => {
    const circuit = inBatches(decodeR1cs(cubic()), 1);
    for (const count of [0, 2, 4]) {
      const failure = new Error(`behind ${count} batches`);
      const failing: ConstraintSource = {
        ...circuit,
        *batches() {
          let left = count;
          for (const batch of circuit.batches()) {
            if (left-- === 0) throw failure;
            yield batch;
          }
          throw failure;
        },
      };
      for (const options of [{}, { ptau, checkPowers: false }])
        await assert.rejects(native.setup(failing, at('never.zkey'), options), failure);
    }
    assert.ok(fs.readdirSync(folder).every((name) => !name.startsWith('never')));
  });

  it('refuses fewer rows, more rows and other wires than were announced', async () => {
    const circuit = inBatches(decodeR1cs(cubic()), 2);
    const cases: [Partial<ConstraintSource>, RegExp][] = [
      [{ constraintCount: 5 }, /end before the last row/],
      [{ constraintCount: 3 }, /more rows than were announced/],
      [{ wireCount: 6 }, /a wire that the circuit does not have/],
    ];
    for (const [change, text] of cases) {
      await assert.rejects(
        native.setup({ ...circuit, ...change }, at('never.zkey')),
        (error) => error instanceof NativeError && error.code === 'CIRCUIT_ROWS' && text.test(error.message),
      );
    }
    assert.ok(fs.readdirSync(folder).every((name) => !name.startsWith('never')));
  });

  it('stops while it waits for rows', async () => {
    const controller = new AbortController();
    const circuit = inBatches(decodeR1cs(cubic()), 1);
    const stopping: ConstraintSource = {
      ...circuit,
      *batches() {
        for (const batch of circuit.batches()) {
          controller.abort();
          yield batch;
        }
      },
    };
    await assert.rejects(native.setup(stopping, at('never.zkey'), { signal: controller.signal }), {
      name: 'AbortError',
    });
    assert.ok(fs.readdirSync(folder).every((name) => !name.startsWith('never')));
  });
});

/** A system so many rows at a time, in arrays that every batch uses again. */
function inBatches(system: R1cs, rows: number): ConstraintSource {
  const { a, b, c, coefficients, ...counts } = system;
  const nonZeros = [a, b, c].reduce((sum, { wires }) => sum + wires.length, 0);
  return {
    ...counts,
    nonZeros,
    *batches() {
      const buffers = [a, b, c].map(({ wires }) => ({
        wires: new Uint32Array(wires.length),
        values: new Uint32Array(wires.length),
      }));
      for (let first = 0; first < counts.constraintCount; first += rows) {
        const last = Math.min(first + rows, counts.constraintCount);
        const [partA, partB, partC] = [a, b, c].map((matrix, i): SparseMatrix => {
          const [start, end] = [matrix.offsets[first], matrix.offsets[last]];
          buffers[i].wires.set(matrix.wires.subarray(start, end));
          buffers[i].values.set(matrix.values.subarray(start, end));
          return { ...buffers[i], offsets: matrix.offsets.slice(first, last + 1).map((offset) => offset - start) };
        });
        yield { ...counts, constraintCount: last - first, a: partA, b: partB, c: partC, coefficients };
      }
    },
  };
}
