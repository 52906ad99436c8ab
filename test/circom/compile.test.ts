import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CircomError, compileGadgets, gadgetKey } from '../../src/circom/compile.js';
import { GADGET_TEMPLATES } from '../../src/gadgets/index.js';
import type { GadgetSpec } from '../../src/gadgets/index.js';
import { gadgetSources } from '../../src/circom/sources.js';

const SPECS: GadgetSpec[] = [
  { template: 'RequantizeRelu', parameters: [4, 2] },
  { template: 'Requantize', parameters: [6, 2] },
  { template: 'Context', parameters: [] },
];

describe('compiling gadgets', () => {
  let cacheFolder: string;
  before(() => {
    cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-cache-'));
  });
  after(() => fs.rmSync(cacheFolder, { recursive: true, force: true }));

  const entries = (): string[] =>
    fs.readdirSync(path.join(cacheFolder, 'gadgets')).map((name) => path.join(cacheFolder, 'gadgets', name));

  it("gives each spec once, with its wires in circom's order: one, outputs, inputs, inner signals", async () => {
    const objects = await compileGadgets([...SPECS, SPECS[0]], { gadgetFolders: [cacheFolder] });
    assert.deepEqual([...objects.keys()].sort(), SPECS.map(gadgetKey).sort());
    const relu = objects.get('RequantizeRelu(4,2)')!;
    assert.deepEqual(relu.signals, [
      'one',
      'out',
      'in',
      'remainder[0]',
      'remainder[1]',
      'magnitude[0]',
      'magnitude[1]',
    ]);
    assert.deepEqual([relu.outputCount, relu.inputCount], [1, 1]);
  });

  it('takes stored objects from the cache, equal to fresh ones', async () => {
    const fresh = await compileGadgets(SPECS, { gadgetFolders: [cacheFolder] });
    const times = entries().map((file) => fs.statSync(file).mtimeMs);
    assert.deepEqual(await compileGadgets(SPECS, { gadgetFolders: [cacheFolder] }), fresh);
    assert.deepEqual(
      entries().map((file) => fs.statSync(file).mtimeMs),
      times,
    );
    assert.equal(entries().length, SPECS.length);
  });

  it('rebuilds entries that are truncated, altered or empty', async () => {
    const fresh = await compileGadgets(SPECS, { gadgetFolders: [cacheFolder] });
    const [truncated, altered, empty] = entries();
    const whole = entries().map((file) => fs.readFileSync(file));
    fs.writeFileSync(truncated, whole[0].subarray(0, 100));
    fs.writeFileSync(
      altered,
      whole[1].map((byte, i) => (i === 90 ? byte ^ 1 : byte)),
    );
    fs.writeFileSync(empty, '');
    assert.deepEqual(await compileGadgets(SPECS, { gadgetFolders: [cacheFolder] }), fresh);
    assert.deepEqual(
      entries().map((file) => fs.readFileSync(file)),
      whole,
    );
  });

  it('looks through the folders in their order, writes to the first alone, and passes over damaged entries in both', async () => {
    const fresh = await compileGadgets(SPECS, { gadgetFolders: [cacheFolder] });
    const own = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-cache-'));
    try {
      assert.deepEqual(await compileGadgets(SPECS, { gadgetFolders: [own, cacheFolder] }), fresh);
      assert.deepEqual(fs.readdirSync(own), []);
      const [first] = entries();
      const whole = fs.readFileSync(first);
      fs.writeFileSync(first, whole.subarray(0, 100));
      assert.deepEqual(await compileGadgets(SPECS, { gadgetFolders: [own, cacheFolder] }), fresh);
      assert.deepEqual(fs.readdirSync(path.join(own, 'gadgets')), [path.basename(first)]);
      assert.equal(fs.readFileSync(first).length, 100);
      fs.writeFileSync(first, whole);
      fs.writeFileSync(path.join(own, 'gadgets', path.basename(first)), 'no object');
      assert.deepEqual(await compileGadgets(SPECS, { gadgetFolders: [own, cacheFolder] }), fresh);
    } finally {
      fs.rmSync(own, { recursive: true, force: true });
    }
  });

  it('works without a cache folder that can be written', async () => {
    const file = path.join(cacheFolder, 'file');
    fs.writeFileSync(file, '');
    const objects = await compileGadgets([SPECS[2]], { gadgetFolders: [file] });
    assert.equal(objects.get('Context()')!.system.constraintCount, 1);
  });

  it('goes on in the processes of the call before, which keep no program alive', () => {
    const program = fileURLToPath(new URL('support/kept-processes.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, '1\n');
  });

  it("names unknown templates and parameters that do not fit, and passes circom's own message on", async () => {
    await assert.rejects(
      compileGadgets([{ template: 'Softmax', parameters: [] }], { gadgetFolders: [cacheFolder] }),
      CircomError,
    );
    await assert.rejects(
      compileGadgets([{ template: '../evil', parameters: [] }], { gadgetFolders: [cacheFolder] }),
      CircomError,
    );
    await assert.rejects(
      compileGadgets([{ template: 'Context', parameters: [1] }], { gadgetFolders: [cacheFolder] }),
      CircomError,
    );
    await assert.rejects(
      compileGadgets([{ template: 'InputRange', parameters: [1.5] }], { gadgetFolders: [cacheFolder] }),
      CircomError,
    );
    await assert.rejects(
      compileGadgets([{ template: 'Requantize', parameters: [3, 5] }], { gadgetFolders: [cacheFolder] }),
      (error: Error) => {
        assert.ok(error instanceof CircomError);
        assert.match(error.message, /Requantize\(3,5\)[^]*False assert/);
        return true;
      },
    );
  });

  it('knows a template for every file in circuits/, and the other way round', () => {
    const files = fs
      .readdirSync(new URL('../../circuits/', import.meta.url))
      .map((name) => path.basename(name, '.circom'));
    assert.deepEqual(files.sort(), [...GADGET_TEMPLATES].sort());
    for (const template of GADGET_TEMPLATES)
      assert.match(gadgetSources(template).get(`${template}.circom`)!, /\/\/ Contract\n/);
  });
});
