/** The cache on disk, as other users of the machine, and damaged disks, would use it against its owner. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, Store } from '../src/cache.js';
import { gadgetRecipe, gadgetStore, readObject, writeObject } from '../src/circom/cache.js';
import { compileGadgets } from '../src/circom/compile.js';
import type { CompiledGadget } from '../src/circom/compile-gadget.js';
import type { GadgetSpec } from '../src/gadgets/index.js';
import { decodeR1cs, r1csChunks } from '../src/r1cs/r1cs-file.js';
import { sourceOf, type R1cs, type SparseMatrix } from '../src/r1cs/types.js';

const RECIPE = { of: 'a test', sources: [['a', 'b']] };
const CONTENT = Buffer.from('content\nof two lines');
const isRoot = process.geteuid?.() === 0;
const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

describe('the cache', () => {
  let base: string;
  let root: string;
  let number = 0;
  before(() => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-cache-'));
  });
  beforeEach(() => {
    number += 1;
    root = path.join(base, String(number));
  });
  after(() => fs.rmSync(base, { recursive: true, force: true }));

  const entry = (): string => path.join(root, 'things', fs.readdirSync(path.join(root, 'things'))[0]);
  const written = (): Store => {
    const store = new Store(root, 'things');
    store.write(RECIPE, CONTENT);
    assert.deepEqual(store.read(RECIPE), CONTENT);
    return store;
  };

  it('is where the XDG base directory specification has it, which takes absolute paths alone', () => {
    const before = { ...process.env };
    try {
      delete process.env.ZKINFER_CACHE;
      process.env.XDG_CACHE_HOME = '/somewhere';
      assert.equal(cacheFolder(), '/somewhere/zkinfer');
      process.env.XDG_CACHE_HOME = 'relative';
      assert.equal(cacheFolder(), path.join(os.homedir(), '.cache', 'zkinfer'));
      process.env.ZKINFER_CACHE = '/own';
      assert.equal(cacheFolder(), '/own');
    } finally {
      process.env = before;
    }
  });

  it('is made for its owner alone', () => {
    written();
    assert.deepEqual([modeOf(root), modeOf(path.join(root, 'things')), modeOf(entry())], [0o700, 0o700, 0o600]);
  });

  it('is closed where other users could write to it', () => {
    const store = written();
    fs.chmodSync(root, 0o777);
    assert.deepEqual(store.read(RECIPE), CONTENT);
    assert.equal(modeOf(root), 0o700);
  });

  it('gives no entry that others could have written', () => {
    const store = written();
    fs.chmodSync(entry(), 0o666);
    assert.equal(store.read(RECIPE), undefined);
    store.write(RECIPE, CONTENT);
    assert.deepEqual(store.read(RECIPE), CONTENT);
  });

  it("gives no entry that another user owns, and nothing from a folder that is another's", function () {
    if (!isRoot) this.skip();
    const store = written();
    fs.chownSync(entry(), 4321, 4321);
    assert.equal(store.read(RECIPE), undefined);
    store.write(RECIPE, CONTENT);
    fs.chownSync(root, 4321, 4321);
    assert.equal(store.read(RECIPE), undefined);
    store.write({ of: 'another' }, CONTENT);
    assert.equal(fs.readdirSync(path.join(root, 'things')).length, 1);
  });

  it('follows no links', () => {
    const store = written();
    const elsewhere = path.join(base, `elsewhere-${number}`);
    fs.renameSync(entry(), elsewhere);
    const link = store.pathOf(RECIPE);
    fs.symlinkSync(elsewhere, link);
    assert.equal(store.read(RECIPE), undefined);
    fs.rmSync(link);
    fs.renameSync(elsewhere, link);
    fs.renameSync(root, `${root}-moved`);
    fs.symlinkSync(`${root}-moved`, root);
    assert.equal(store.read(RECIPE), undefined);
  });

  it('waits for no pipe', () => {
    const store = written();
    const file = entry();
    fs.rmSync(file);
    execFileSync('mkfifo', [file]);
    assert.equal(store.read(RECIPE), undefined);
  });

  it('gives no entry that is torn, altered, or of another recipe', () => {
    const store = written();
    const file = entry();
    const whole = fs.readFileSync(file);
    for (let length = 0; length < whole.length; length += 1) {
      fs.writeFileSync(file, whole.subarray(0, length));
      assert.equal(store.read(RECIPE), undefined);
    }
    for (let at = 0; at < whole.length; at += 1) {
      fs.writeFileSync(
        file,
        whole.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      );
      assert.equal(store.read(RECIPE), undefined);
    }
    fs.rmSync(file);
    store.write({ ...RECIPE, of: 'another test' }, CONTENT);
    fs.renameSync(entry(), file);
    assert.equal(store.read(RECIPE), undefined);
  });
});

describe('gadgets from a cache', () => {
  const relu: GadgetSpec = { template: 'RequantizeRelu', parameters: [4, 2] };
  const wide: GadgetSpec = { template: 'RequantizeRelu', parameters: [6, 2] };
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zkinfer-cache-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("are the gadgets asked for: another's object in a gadget's place is made anew", async () => {
    const fresh = await compileGadgets([relu, wide], { gadgetFolders: [folder] });
    const store = gadgetStore(folder);
    const [one, two] = [relu, wide].map((spec) => store.pathOf(gadgetRecipe(spec)));
    fs.copyFileSync(one, two);
    assert.deepEqual(await compileGadgets([relu, wide], { gadgetFolders: [folder] }), fresh);
  });

  it('have every constraint of their definition: one that was dropped, blanked or doubled is made anew', async () => {
    const fresh = await compileGadgets([relu], { gadgetFolders: [folder] });
    const store = gadgetStore(folder);
    const recipe = gadgetRecipe(relu);
    const stored = readObject(store, recipe) as CompiledGadget;
    const system = decodeR1cs(stored.r1cs);
    const last = system.constraintCount - 1;
    const each = (change: (matrix: SparseMatrix) => SparseMatrix, constraintCount: number): R1cs => ({
      ...system,
      constraintCount,
      a: change(system.a),
      b: change(system.b),
      c: change(system.c),
    });
    const dropped = each(
      ({ offsets, wires, values }) => ({
        offsets: offsets.subarray(0, last + 1),
        wires: wires.subarray(0, offsets[last]),
        values: values.subarray(0, offsets[last]),
      }),
      last,
    );
    const poisoned = [
      dropped,
      each((matrix) => repeat(matrix, -1), last + 1),
      each((matrix) => repeat(matrix, last - 1), last + 1),
    ];
    for (const bad of poisoned) {
      writeObject(store, recipe, { ...stored, r1cs: Buffer.concat([...r1csChunks(sourceOf(bad))]) });
      assert.deepEqual(await compileGadgets([relu], { gadgetFolders: [folder] }), fresh);
      assert.deepEqual(readObject(store, recipe), stored);
    }
  });

  it('are all made anew where no folder is given', async () => {
    const fresh = await compileGadgets([relu], { gadgetFolders: [folder] });
    assert.deepEqual(await compileGadgets([relu], { gadgetFolders: [] }), fresh);
  });
});

/** The matrix with its last row replaced by a copy of another, or by nothing. */
function repeat({ offsets, wires, values }: SparseMatrix, row: number): SparseMatrix {
  const last = offsets.length - 2;
  const rows = Array.from({ length: last + 1 }, (_, i) => (i === last ? row : i));
  const entries = rows.map((from) =>
    from < 0 ? [] : Array.from({ length: offsets[from + 1] - offsets[from] }, (_, k) => offsets[from] + k),
  );
  const order = entries.flat();
  const ends = entries.reduce((all, list) => [...all, all[all.length - 1] + list.length], [0]);
  return {
    offsets: Uint32Array.from(ends),
    wires: Uint32Array.from(order, (k) => wires[k]),
    values: Uint32Array.from(order, (k) => values[k]),
  };
}
