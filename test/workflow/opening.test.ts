import assert from 'node:assert/strict';
import path from 'node:path';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { writeBuild } from '../../src/workflow/build-folder.js';
import { openSignals, openingFromJson, openingOf, openingToJson, OpeningError } from '../../src/workflow/opening.js';
import { openWitness, type Inference } from '../../src/workflow/prove.js';
import type { Visibility } from '../../src/manifest.js';
import { temporaryFolder } from './support/folders.js';
import { toyModel } from './support/toy.js';

const INPUT = [Float64Array.of(0.5, -0.25)];
const OTHER = [Float64Array.of(0.5, 0.25)];

async function compiled(inputVisibility: Visibility, outputVisibility: Visibility): Promise<string> {
  const folder = path.join(temporaryFolder(), 'build');
  const model = await compileOnnx(toyModel(), { name: 'toy', inputVisibility, outputVisibility });
  await writeBuild(folder, model.manifest, buildFiles(model));
  return folder;
}

const inferIn = async (folder: string): Promise<Inference> => (await openWitness(folder)).infer(INPUT);

describe('an opening', () => {
  let hashed: string;
  let inference: Inference;

  before(async () => {
    hashed = await compiled('hashed', 'hashed');
    inference = await inferIn(hashed);
  });

  it('shows which input and which output the commitments are of', async () => {
    const opening = openingFromJson(openingToJson(openingOf(inference)), 'opening.json');
    const both = await openSignals(hashed, inference.publicSignals, { opening, input: INPUT });
    assert.deepEqual([both.input, both.output], [true, true]);
    assert.deepEqual(both.outputs, inference.outputs);
    const other = await openSignals(hashed, inference.publicSignals, { opening, input: OTHER });
    assert.deepEqual([other.input, other.output, other.outputs], [false, false, undefined]);
  });

  it('of the output alone tells nothing of the input', async () => {
    const { salts, outputs } = openingOf(inference);
    const opened = await openSignals(hashed, inference.publicSignals, {
      opening: { salts: { output: salts.output }, outputs },
    });
    assert.deepEqual(Object.keys(opened).sort(), ['output', 'outputs']);
    assert.equal(opened.output, true);
  });

  it("under another salt, the other side's salt, or with other outputs opens nothing", async () => {
    const { salts, outputs } = openingOf(inference);
    const swapped = { input: salts.output, output: salts.input };
    const wrong = {
      input: String(BigInt(salts.input as string) ^ 1n),
      output: String(BigInt(salts.output as string) ^ 1n),
    };
    for (const given of [swapped, wrong]) {
      const opened = await openSignals(hashed, inference.publicSignals, {
        opening: { salts: given, outputs },
        input: INPUT,
      });
      assert.deepEqual([opened.input, opened.output], [false, false]);
    }
    const changed = (outputs as number[][]).map((values) => values.map((value, i) => (i === 0 ? value + 1 : value)));
    const opened = await openSignals(hashed, inference.publicSignals, {
      opening: { salts: { output: salts.output }, outputs: changed },
    });
    assert.equal(opened.output, false);
  });

  it('with numbers that would run into one another when packed is refused', async () => {
    const { salts, outputs } = openingOf(inference);
    const { manifest } = await openWitness(hashed);
    const { bits } = manifest.outputs[0].packing;
    // The same word as a sum: 2^bits more in one element, one less in the next.
    const [[first, second]] = outputs as number[][];
    const forged = [[first + 2 ** bits, second - 1]];
    await assert.rejects(
      openSignals(hashed, inference.publicSignals, { opening: { salts: { output: salts.output }, outputs: forged } }),
      OpeningError,
    );
    await assert.rejects(
      openSignals(hashed, inference.publicSignals, {
        opening: { salts: { output: salts.output }, outputs: [[first]] },
      }),
      OpeningError,
    );
  });

  it('is not needed where the input is public, and cannot help where it is private', async () => {
    const open = await compiled('public', 'public');
    const shown = await inferIn(open);
    assert.deepEqual(await openSignals(open, shown.publicSignals, { input: INPUT }), {
      input: true,
      output: true,
      outputs: shown.outputs,
    });
    assert.equal((await openSignals(open, shown.publicSignals, { input: OTHER })).input, false);
    const closed = await compiled('private', 'hashed');
    const hidden = await inferIn(closed);
    const { input, output } = await openSignals(closed, hidden.publicSignals, {
      opening: openingOf(hidden),
      input: INPUT,
    });
    assert.deepEqual([input, output], [undefined, true]);
  });

  it('says what is missing', async () => {
    const { salts } = openingOf(inference);
    await assert.rejects(
      openSignals(hashed, inference.publicSignals, { opening: { salts: { input: salts.input } } }),
      /name the input: --input FILE/,
    );
    await assert.rejects(openSignals(hashed, inference.publicSignals, { input: INPUT }), /needs its salt/);
    await assert.rejects(
      openSignals(hashed, inference.publicSignals.slice(1), { input: INPUT, opening: { salts } }),
      /of another build/,
    );
    for (const text of [
      '',
      '{',
      '[]',
      '{"salts": 1}',
      '{"salts": {"input": 5}}',
      `{"salts": {"input": "${1n << 254n}"}}`,
    ]) {
      assert.throws(() => openingFromJson(text, 'opening.json'), OpeningError, text);
    }
  });
});
