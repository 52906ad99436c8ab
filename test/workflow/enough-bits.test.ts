import assert from 'node:assert/strict';
import type { Graph } from '../../src/network/graph.js';
import { evaluator } from '../../src/network/evaluate.js';
import { quantize } from '../../src/quantize/quantize.js';
import { enoughBits } from '../../src/workflow/enough-bits.js';
import { Sketch } from '../quantize/support/graphs.js';
import { seeded } from '../onnx/support/random.js';

const VISIBILITY = { input: 'hashed', output: 'public' } as const;

/** relu(a x) - relu(a x - small): what is left of two large activations is as small as said. */
function difference(small: number): Graph {
  const s = new Sketch();
  const x = s.input([1, 4]);
  const part = (shift: number): string =>
    s.relu(s.affine(x, new Float64Array(4).fill(1), new Float64Array(4).fill(shift)));
  return s.graph(s.sum([part(0), part(-small)], [1, -1]));
}

function chosen(graph: Graph, last = 1): Promise<number> {
  const random = seeded(7);
  // The rows from the middle on may reach farther than those that are calibrated on.
  const calibration = Array.from({ length: 40 }, (_, k) => [
    Float64Array.from({ length: 4 }, () => (k % 5 === 4 ? last : 1) * (0.5 + 0.5 * random())),
  ]);
  return enoughBits(
    {
      graph,
      calibration,
      scores: [false],
      requantize: (otherwise) =>
        quantize(graph, {
          activationBits: 8,
          samples: calibration,
          evaluator,
          ...otherwise,
          inputRange: [0, 2],
        }),
    },
    VISIBILITY,
  );
}

describe('activation bits without being told', () => {
  it('are 8 where they lose nothing worth mentioning', async () => {
    assert.equal(await chosen(difference(0.5)), 8);
  });

  it('are more where 8 lose the model', async () => {
    const bits = await chosen(difference(0.05));
    assert.ok(bits > 8 && bits <= 12, `${bits}`);
  });

  it('are 8 where more would not help: rows that reach farther than those calibrated on', async () => {
    const s = new Sketch();
    const relu = s.relu(s.affine(s.input([1, 4]), new Float64Array(4).fill(1), new Float64Array(4)));
    assert.equal(await chosen(s.graph(s.reduce(relu, 'mean')), 2), 8);
  });

  /** Whether the difference above, which is 0.05 for every row, reaches a threshold: all that the network gives. */
  function decision(threshold: number): Graph {
    const { nodes, outputs, inputs } = difference(0.05);
    const [{ tensor, shape }] = outputs;
    const at = { threshold: Float64Array.of(threshold), strict: false };
    const step = {
      op: 'step',
      name: 'label',
      source: 'step',
      inputs: [tensor],
      output: 'label',
      shape,
      ...at,
    } as const;
    return { inputs, nodes: [...nodes, step], outputs: [{ name: 'y', tensor: 'label', shape }], notes: [] };
  }

  it('are more where 8 decide rows otherwise', async () => {
    const bits = await chosen(decision(0.049));
    assert.ok(bits > 8 && bits <= 12, `${bits}`);
  });

  it('are 8 where no row is decided otherwise', async () => {
    assert.equal(await chosen(decision(0.03)), 8);
  });
});
