import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fixtureFile } from '../fixtures-compiled.js';
import { InterruptedError } from '../../src/errors.js';
import { atOnce, between, type Stepwise } from '../../src/stepwise.js';
import { compileOnnx } from '../../src/workflow/compile.js';
import { paced } from '../../src/workflow/pace.js';

function* counting(steps: number): Stepwise<string> {
  for (let i = 0; i < steps; i += 1) yield i / steps;
  return 'done';
}

describe('long work', () => {
  it('gives the same, whether it is run at once or with pauses', async () => {
    assert.equal(atOnce(counting(3)), 'done');
    assert.equal(await paced()(counting(3)), 'done');
  });

  it('is a share of the whole where it is a part of other work', () => {
    assert.deepEqual([...between(counting(4), 0.5, 1)], [0.5, 0.625, 0.75, 0.875]);
  });

  it('says how far it is, lets timers run, and ends when a signal asks for it', async () => {
    const controller = new AbortController();
    const shares: number[] = [];
    setTimeout(() => controller.abort(), 1);
    function* endless(): Stepwise<never> {
      for (;;) yield 0.5;
    }
    await assert.rejects(
      paced((share) => shares.push(share), controller.signal)(endless()),
      (error) => error instanceof InterruptedError,
    );
    assert.ok(shares.length > 0 && shares.every((share) => share === 0.5));
  });

  it('of compile ends where nothing but the work itself would give the signal a turn', async () => {
    const onnx = await readFile(fixtureFile('lenet5', 'model.onnx'));
    const controller = new AbortController();
    const heard: [number, string][] = [];
    const stages: string[] = [];
    const compiling = compileOnnx(onnx, {
      name: 'interrupted',
      signal: controller.signal,
      onStage: (stage) => {
        stages.push(stage);
        if (stage === 'quantizing') setImmediate(() => controller.abort());
      },
      onProgress: (share, stage) => heard.push([share, stage]),
    });
    await assert.rejects(compiling, (error) => error instanceof InterruptedError);
    assert.ok(!stages.includes('comparing with float32'), stages.join(', '));
    assert.ok(heard.length > 0);
    for (const [share, stage] of heard)
      assert.ok(share >= 0 && share <= 1 && stages.includes(stage), `${share} ${stage}`);
  });
});
