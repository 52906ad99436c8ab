import assert from 'node:assert/strict';

import { plot } from '../../src/bench/plot.js';
import type { BenchResult } from '../../src/bench/results.js';
import { median, pairedRatio } from '../../src/bench/statistics.js';
import { withBlock } from '../../src/bench/document.js';
import { resultTable } from '../../src/bench/table.js';

const result: BenchResult = {
  machine: { cpu: 'a <fast> processor', cores: 2, memoryGiB: 24, node: 'v20.0.0' },
  commit: 'abc1234',
  date: '2026-01-02T03:04:05.000Z',
  rounds: 3,
  load: [0.5, 2.3],
  workloads: [
    {
      kind: 'nn',
      power: 14,
      wires: 14336,
      setupMs: 1234,
      timings: [
        { name: 'zkinfer-prover', samples: [40, 50, 45], medianMs: 45, ratio: 1, peakMiB: 20.4, cpuMs: 80 },
        { name: 'a & b', samples: [4000, 5000, 4500], medianMs: 4500, ratio: 100 },
      ],
    },
    {
      kind: 'full',
      power: 12,
      wires: 4097,
      setupMs: 99,
      timings: [{ name: 'zkinfer-prover', samples: [9, 9, 9], medianMs: 9, ratio: 1 }],
    },
  ],
};

describe('the benchmark of provers', () => {
  it('takes the middle, or the mean of the middle two', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  it('compares within rounds, so that a slow round changes no ratio', () => {
    assert.equal(pairedRatio([30, 300, 33], [10, 100, 11]), 3);
  });

  it('prints times, ratios, memory, machine and commit', () => {
    const lines = resultTable(result).split('\n');
    assert.equal(lines[0], '| witness | domain | wires | setup | zkinfer-prover | a & b |');
    assert.equal(
      lines[2],
      '| neural network | 2^14 | 14,336 | 1.23 s | 45 ms (1.00×, CPU 80 ms, 20 MiB) | 4.50 s (100×) |',
    );
    assert.equal(lines[3], '| full-width random | 2^12 | 4,097 | 99 ms | 9.0 ms (1.00×) |  |');
    assert.match(
      lines[5],
      /2 cores.*commit abc1234, 2026-01-02.*Load average of the machine 0\.5 at the start, 2\.3 at the end/,
    );
  });

  it('writes the table between its marks, again and again', () => {
    const readme = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
    const once = withBlock(readme, 'bench', 'new');
    assert.equal(once, 'before\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nafter\n');
    assert.equal(withBlock(once, 'bench', 'new'), once);
    assert.throws(() => withBlock('no marks', 'bench', 'new'), { code: 'USAGE' });
  });

  it('draws one line a contestant over the sizes it was timed on', () => {
    const svg = plot(result);
    assert.equal(svg.match(/<polyline /g)?.length, 2);
    assert.match(svg, /a &amp; b/);
    assert.doesNotMatch(svg, /NaN|undefined|<fast>/);
  });
});
