import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as errors from '../../src/api/errors.js';
import type { ErrorCode } from '../../src/api/errors.js';
import * as library from '../../src/index.js';

const root = new URL('../../', import.meta.url);
const sources = readdirSync(new URL('src/', root), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts'));

describe('the public interface', () => {
  it('exports every error class that the sources declare', () => {
    const declared = sources.flatMap((name) =>
      [
        ...readFileSync(new URL(`src/${name}`, root), 'utf8').matchAll(
          /^export (?:abstract )?class (\w+Error) extends/gm,
        ),
      ].map(([, className]) => className),
    );
    assert.ok(declared.length > 50);
    assert.deepEqual(
      declared.filter((name) => !(name in errors)),
      [],
    );
  });

  it('names every code in one union', () => {
    const known: readonly ErrorCode[] = [
      'USAGE',
      'UNSUPPORTED_OP',
      'KEY_UNFINISHED',
      'FILE_TRUNCATED',
      'REVERTED',
      'INPUT_LIMIT',
      'PROOF_FORMAT',
    ];
    // @ts-expect-error: no error has this code, and were the union `string`, nothing would be wrong here
    const none: ErrorCode = 'NO_SUCH_CODE';
    assert.equal(known.includes(none), false);
  });

  it('has a source for each way into the package', () => {
    const { exports, sideEffects } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      exports: Record<string, { types: string } | string>;
      sideEffects: boolean;
    };
    assert.equal(sideEffects, false);
    const ways = Object.entries(exports).filter(([, target]) => typeof target !== 'string');
    assert.deepEqual(
      ways.map(([way]) => way),
      ['.', './compile', './prove', './solidity', './chain', './ledger', './errors', './browser'],
    );
    for (const [, target] of ways) {
      // By its types: what a browser imports is a bundle.
      const source = (target as { types: string }).types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
      assert.ok(existsSync(fileURLToPath(new URL(source, root))), source);
    }
  });

  it('gives one class, whichever way it is imported', () => {
    assert.equal(library.BuildFolderError, errors.BuildFolderError);
    assert.equal(library.UsageError, errors.UsageError);
  });

  it('takes proofs as tools write them, and says where one is not so', () => {
    const points = {
      pi_a: ['1', '2', '1'],
      pi_b: [
        ['1', '2'],
        ['3', '4'],
        ['1', '0'],
      ],
      pi_c: ['1', '2', '1'],
    };
    const proof = { ...points, protocol: 'groth16', curve: 'bn128' };
    const read = (value: unknown): library.ProofFile =>
      library.proofFromJson(JSON.stringify(value), 'proof.json', '["7"]');
    // rapidsnark names no curve; snarkjs adds fields of its own.
    assert.deepEqual(read({ ...points, protocol: 'groth16', more: 1 }), { proof, publicSignals: ['7'] });
    assert.deepEqual(read({ proof }), { proof, publicSignals: ['7'] });
    assert.throws(
      () =>
        read({
          ...proof,
          pi_b: [
            ['1', '2'],
            ['3', 'x'],
            ['1', '0'],
          ],
        }),
      /proof\.json is not a Groth16 proof: pi_b\.1\.1: not a decimal number/,
    );
    assert.throws(() => read({ ...proof, pi_a: ['1', '2'] }), /pi_a: an array of 2, not of 3/);
    assert.throws(() => read({ ...proof, protocol: 'plonk' }), /protocol: not "groth16"/);
    assert.throws(() => read([proof]), /top level: not an object/);
    assert.throws(
      () => read({ ...proof, context: { chainId: '1', contract: '0x1', account: '0x2', nonce: '0' } }),
      /context\.contract: not an address/,
    );
  });

  it('takes openings as they are written, and says where one is not so', () => {
    const opening = { salts: { input: '5', output: '6' }, outputs: [[1, -2]] };
    assert.deepEqual(library.openingFromJson(library.openingToJson(opening), 'opening.json'), opening);
    assert.throws(
      () => library.openingFromJson('{"salts":{"input":"x"}}', 'o.json'),
      /o\.json is no opening .*: salts\.input: not a decimal number/,
    );
    assert.throws(
      () => library.openingFromJson(`{"salts":{"input":"${10n ** 77n}"}}`, 'o.json'),
      /not below the scalar field/,
    );
    assert.throws(
      () => library.openingFromJson('{"salts":{},"outputs":[[0.5]]}', 'o.json'),
      /outputs\.0\.0: not an integer/,
    );
  });
});
