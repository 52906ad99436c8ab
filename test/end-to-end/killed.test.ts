import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { zkinfer, zkinferJson } from '../cli/support/zkinfer.js';
import { compiledFixture, fixtureFile } from '../fixtures-compiled.js';
import { buildFiles } from '../../src/workflow/compile.js';
import { hashFile, readManifest, writeBuild } from '../../src/workflow/build-folder.js';
import { temporaryFolder } from '../workflow/support/folders.js';
import { inputJson, toyModel } from '../workflow/support/toy.js';

const fixture = (file: string): string => fileURLToPath(fixtureFile('mnist-mlp', file));
const unfinished = (folder: string): string[] => readdirSync(folder).filter((name) => name.includes('.tmp-'));

/** Ends a run with a signal as soon as `moment` holds; asks every millisecond. */
async function killedWhen(
  args: readonly string[],
  signal: NodeJS.Signals,
  moment: () => boolean,
): Promise<NodeJS.Signals | number | null> {
  let watch: NodeJS.Timeout | undefined;
  const finished = await zkinfer(args, {
    started(child) {
      watch = setInterval(() => {
        if (!moment()) return;
        clearInterval(watch);
        child.kill(signal);
      }, 1);
    },
  });
  clearInterval(watch);
  return finished.signal ?? finished.status;
}

/** Every file that bears a final name is whole: it is the one that the manifest describes. */
async function assertWhole(folder: string): Promise<void> {
  const { files } = await readManifest(folder);
  for (const name of readdirSync(folder)) {
    if (name === 'manifest.json' || name.includes('.tmp-')) continue;
    assert.equal(await hashFile(path.join(folder, name)), files[name], name);
  }
}

describe('a killed run', () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`of setup, by ${signal}, leaves no half-written file under a final name, and the next run tidies up`, async () => {
      const folder = path.join(temporaryFolder(), 'build');
      const compiled = await compiledFixture('mnist-mlp');
      await writeBuild(folder, compiled.manifest, buildFiles(compiled));
      const ended = await killedWhen(['setup', folder], signal, () => unfinished(folder).length > 0);
      assert.notEqual(ended, 0, 'setup was done before it could be killed');
      if (signal === 'SIGKILL') assert.equal(ended, 'SIGKILL');
      assert.ok(!existsSync(path.join(folder, 'proving.zkey')));
      await assertWhole(folder);
      assert.equal((await readManifest(folder)).keys, undefined);
      await zkinferJson(['setup', folder]);
      await assertWhole(folder);
      assert.deepEqual(unfinished(folder), []);
      assert.ok(existsSync(path.join(folder, 'proving.zkey')));
    });
  }

  it('of compile leaves no manifest, so that the folder is no build, and the next run makes it one', async () => {
    const folder = path.join(temporaryFolder(), 'build');
    const ended = await killedWhen(
      ['compile', fixture('model.onnx'), '--calibration', fixture('calibration.json'), '--out', folder],
      'SIGKILL',
      () => existsSync(folder) && readdirSync(folder).length > 0,
    );
    assert.equal(ended, 'SIGKILL');
    assert.ok(!existsSync(path.join(folder, 'manifest.json')));
    const { status, stderr } = await zkinfer(['setup', folder]);
    assert.equal(status, 1);
    assert.match(stderr, /BuildFolderError: .* holds no build/);
    await zkinferJson([
      'compile',
      fixture('model.onnx'),
      '--calibration',
      fixture('calibration.json'),
      '--out',
      folder,
    ]);
    await assertWhole(folder);
    assert.deepEqual(unfinished(folder), []);
  });

  it('of a second compile leaves keys that fit the circuit, or none', async () => {
    const folder = path.join(temporaryFolder(), 'build');
    const model = path.join(temporaryFolder(), 'toy.onnx');
    const input = path.join(temporaryFolder(), 'input.json');
    writeFileSync(model, toyModel());
    writeFileSync(input, inputJson([0.5, 0.5]));
    await zkinferJson(['compile', model, '--out', folder]);
    await zkinferJson(['setup', folder]);
    const before = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
    const changed = (): boolean =>
      !existsSync(path.join(folder, 'manifest.json')) ||
      readFileSync(path.join(folder, 'manifest.json'), 'utf8') !== before;
    await killedWhen(['compile', model, '--activation-bits', '6', '--out', folder], 'SIGKILL', changed);
    if (existsSync(path.join(folder, 'manifest.json'))) await assertWhole(folder);
    const { status } = await zkinfer(['prove', folder, '--input', input]);
    assert.equal(status, 1);
  });
});
