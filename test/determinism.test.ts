import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CircomError } from '../src/circom/circom-error.js';
import { UsageError } from '../src/errors.js';
import { auditCircom, type AuditCircomOptions } from '../src/workflow/audit-circom.js';
import { auditGadgets } from '../src/workflow/audit-gadgets.js';

describe('the audit of a circom program', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'zkinfer-audit-'))));
  after(() => rmSync(folder, { recursive: true }));

  const audit = (program: string, options?: AuditCircomOptions) => {
    const file = join(folder, 'program.circom');
    writeFileSync(file, `pragma circom 2.1.0;\n${program}`);
    return auditCircom(file, options);
  };
  const open = async (program: string, options?: AuditCircomOptions): Promise<string[]> =>
    (await audit(program, options)).open.map(({ signal, why }) => `${signal} ${why}`);

  it('names a signal that is only assigned, and why it is open', async () => {
    const found = await audit(
      'template T() { signal input in; signal output out; signal q; q <-- in >> 3; out <== in * in; } component main = T();',
    );
    assert.equal(found.determined, false);
    assert.deepEqual(
      found.open.map(({ signal, why, isOutput }) => [signal, why, isOutput]),
      [['q', 'unconstrained', false]],
    );
    assert.match(found.open[0].reason, /only assigned/);
  });

  it('shows the constraint that leaves a quotient open', async () => {
    const found = await audit(`template T() { signal input in; signal output out; signal rest;
      out <-- in \\ 8; rest <-- in % 8; in === out * 8 + rest; } component main = T();`);
    assert.deepEqual(
      found.open.map(({ signal, why }) => [signal, why]),
      [
        ['out', 'undetermined'],
        ['rest', 'undetermined'],
      ],
    );
    assert.match(found.open[0].reason, /out.*rest/);
  });

  it('takes circomlib as it is: comparators and digits determine their signals', async () => {
    const program = (instance: string): string =>
      `include "circomlib/circuits/comparators.circom";\ninclude "circomlib/circuits/bitify.circom";\ncomponent main = ${instance};`;
    assert.deepEqual(await open(program('Num2Bits(32)')), []);
    assert.deepEqual(await open(program('LessThan(16)')), []);
    // The inverse in IsZero is free where it is not used: known, and harmless.
    assert.deepEqual(await open(program('IsZero()'), { ranges: { in: { low: -100n, high: 100n } } }), [
      'inv undetermined',
    ]);
    assert.deepEqual(
      await open(program('Num2Bits(254)')),
      Array.from({ length: 254 }, (_, i) => `out[${i}] undetermined`),
    );
  });

  it('uses what it is told of inputs, and refuses ranges of what is no input', async () => {
    const program = `template T(n) { signal input in; signal output bit[n]; var sum = 0;
      for (var i = 0; i < n; i++) { bit[i] <-- (in >> i) & 1; bit[i] * (bit[i] - 1) === 0; sum += bit[i] * (1 << i); }
      signal output high; signal rest; high <-- in >> n; rest <== in - high * (1 << n); rest === sum; high * (high - 1) === 0; }`;
    const options = { component: 'T(4)' };
    assert.deepEqual(await open(program, { ...options, ranges: { in: { low: 0n, high: 31n } } }), []);
    await assert.rejects(audit(program, { ...options, ranges: { out: { low: 0n, high: 1n } } }), UsageError);
    await assert.rejects(
      audit(program),
      (error: Error) => error instanceof CircomError && /--component 'T\(8\)'/.test(error.message),
    );
    await assert.rejects(audit('include "nowhere.circom"; component main = T();'), /includes nowhere\.circom/);
  });

  it('says that it does not know where there are too many cases', async () => {
    const program = `template T(n) { signal input in[n]; signal output out[n]; signal sum[n];
      for (var i = 0; i < n; i++) { out[i] <-- in[i]; (out[i] - in[i]) * (out[i] - in[(i + 1) % n]) === 0; }
      for (var i = 0; i < n; i++) { sum[i] <== out[i] + out[(i + 1) % n]; } } component main = T(9);`;
    const found = await audit(program, { mostCases: 16 });
    assert.ok(found.open.length > 0 && found.open.every(({ why }) => why === 'too large'));
  });
});

describe("the audit of a build's gadgets", () => {
  it('shows that they determine their wires, and names digits that may be written in two ways', async () => {
    const spec = (template: string, ...parameters: number[]) => ({ template, parameters });
    const found = await auditGadgets([
      spec('Requantize', 12, 4),
      spec('RequantizeRelu', 10, 3),
      spec('InputRange', 255),
      spec('InputRange', 9),
      spec('Requantize', 12, 4),
    ]);
    assert.deepEqual(found, { distinct: 4, digits: ['InputRange(9)'], open: [] });
  });
});
