import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileError } from '../../src/errors.js';
import { decodeModel, openReference } from '../../src/onnx/index.js';
import { MalformedModelError } from '../../src/onnx/errors.js';
import { readOnnxFile } from '../../src/workflow/onnx-file.js';
import { makeModel, node, tensor } from '../onnx/support/make-model.js';

const WEIGHTS = Float32Array.of(2, -3, 0.5);

describe('a model with weights in files beside it', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkinfer-external-'));
    mkdirSync(join(folder, 'model', 'parts'), { recursive: true });
    writeFileSync(join(folder, 'secret'), Buffer.from(WEIGHTS.buffer));
    writeFileSync(
      join(folder, 'model', 'weights.bin'),
      Buffer.concat([Buffer.alloc(8), Buffer.from(WEIGHTS.buffer), Buffer.alloc(4)]),
    );
    writeFileSync(join(folder, 'model', 'parts', 'all.bin'), Buffer.from(WEIGHTS.buffer));
    symlinkSync(join(folder, 'secret'), join(folder, 'model', 'link.bin'));
    linkSync(join(folder, 'model', 'weights.bin'), join(folder, 'model', 'same.bin'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const external = (entries: Record<string, string>): object => ({
    dims: [3],
    dataType: 1,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });

  function written(entries: Record<string, string>, asAttribute = false): string {
    const w = external(entries);
    const path = join(folder, 'model', 'model.onnx');
    writeFileSync(
      path,
      makeModel({
        inputs: { x: [1, 3] },
        outputs: ['y'],
        ...(asAttribute ? {} : { constants: { w: w as never } }),
        nodes: [
          ...(asAttribute ? [node('Constant', [], ['w'], { value: tensor(w as never) })] : []),
          node('Mul', ['x', 'w'], ['y']),
        ],
      }),
    );
    return path;
  }

  for (const [name, entries] of [
    ['from an offset on', { location: 'weights.bin', offset: '8', length: '12' }],
    ['to the end of a file in a folder below', { location: 'parts/all.bin' }],
    ['through another name of the file', { location: './same.bin', offset: '8', length: '12' }],
  ] as const) {
    for (const asAttribute of [false, true]) {
      it(`is read ${name}, ${asAttribute ? 'in a Constant' : 'as an initializer'}, and onnxruntime runs it`, async () => {
        const bytes = await readOnnxFile(written(entries, asAttribute));
        assert.doesNotThrow(() => decodeModel(bytes));
        const reference = await openReference(bytes);
        const [y] = await reference.run([Float64Array.of(1, 2, 4)]);
        assert.deepEqual([...y], [2, -6, 2]);
        await reference.close();
      });
    }
  }

  for (const [entries, reason] of [
    [{ location: '../secret' }, /'\.\.\/secret'.*outside the model's folder/],
    [{ location: 'link.bin' }, /'link\.bin'.*outside the model's folder/],
    [{ location: '/etc/hostname' }, /no such file|outside the model's folder/],
    [{ location: 'parts' }, /no regular file/],
    [{ location: 'nowhere.bin' }, /no such file/],
    [{ location: 'weights.bin', offset: '8', length: '17' }, /has 24 bytes, and bytes 8 to 25/],
    [{ location: 'weights.bin', offset: '99' }, /has 24 bytes/],
  ] as const) {
    it(`is refused for ${JSON.stringify(entries)}`, async () => {
      await assert.rejects(
        readOnnxFile(written(entries)),
        (error: Error) => error instanceof FileError && reason.test(error.message),
      );
    });
  }

  for (const entries of [
    { location: 'weights.bin', offset: '-8' },
    { location: 'weights.bin', length: '1e99' },
    { offset: '0' },
  ]) {
    it(`is malformed with ${JSON.stringify(entries)}`, async () => {
      await assert.rejects(readOnnxFile(written(entries as unknown as Record<string, string>)), MalformedModelError);
    });
  }

  it('has those that onnxruntime reads, whatever else the tensor holds', async () => {
    const path = join(folder, 'model', 'model.onnx');
    const own = { rawData: new Uint8Array(Float32Array.of(1, 2, 3).buffer) };
    const at = external({ location: 'parts/all.bin' });
    for (const [w, expected] of [
      // Only the location says that data are external.
      [{ ...at, ...own, dataLocation: 0 }, [1, 2, 3]],
      [{ ...at, ...own }, [...WEIGHTS]],
      [{ ...at, floatData: [1, 2, 3] }, [...WEIGHTS]],
    ] as const) {
      writeFileSync(
        path,
        makeModel({
          inputs: { x: [1, 3] },
          outputs: ['y'],
          constants: { w: w as never },
          nodes: [node('Mul', ['x', 'w'], ['y'])],
        }),
      );
      const bytes = await readOnnxFile(path);
      assert.deepEqual([...(decodeModel(bytes).initializers.get('w')?.data ?? [])], expected);
      const reference = await openReference(bytes);
      assert.deepEqual([...(await reference.run([Float64Array.of(1, 1, 1)]))[0]], expected);
      await reference.close();
    }
  });

  it('is malformed where an entry does not decode', async () => {
    const path = join(folder, 'model', 'model.onnx');
    // A graph with an initializer, external, of which an entry says that its key is longer than what is left.
    const tensorBytes = [0x70, 1, 0x6a, 2, 0x0a, 0x50];
    writeFileSync(path, Buffer.from([0x3a, tensorBytes.length + 2, 0x2a, tensorBytes.length, ...tensorBytes]));
    await assert.rejects(readOnnxFile(path), MalformedModelError);
  });

  it('is told apart from a file that is no model, which decoding names', async () => {
    const path = join(folder, 'model', 'model.onnx');
    writeFileSync(path, Buffer.from([0x3a, 0xff, 0xff, 0xff, 0x7f]));
    assert.throws(() => decodeModel(Buffer.from([0x3a, 0xff, 0xff, 0xff, 0x7f])), MalformedModelError);
    assert.equal((await readOnnxFile(path)).length, 5);
  });
});
