import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { id } from 'ethers';
import { PROOF_SYSTEM_NAMES } from '../../src/manifest.js';
import { KEY_FILES, PROOF_SYSTEMS, proofSystemOf, proofSystemOfProof } from '../../src/proof-systems/index.js';

const src = new URL('../../src/', import.meta.url);

/** Where a row's own knowledge may stand: the rows, and the rooms that they are made of. */
const OWN = /^(proof-systems|groth16|bench)\//;

describe('proof systems', () => {
  it('have a row for each name that a manifest can hold, and a build that names none is Groth16', () => {
    assert.deepEqual(Object.keys(PROOF_SYSTEMS), [...PROOF_SYSTEM_NAMES]);
    for (const name of PROOF_SYSTEM_NAMES) assert.equal(PROOF_SYSTEMS[name].name, name);
    assert.equal(proofSystemOf({}), PROOF_SYSTEMS.groth16);
    assert.equal(proofSystemOfProof({ protocol: 'groth16' }), PROOF_SYSTEMS.groth16);
    assert.equal(proofSystemOfProof({ protocol: 'plonk' }), undefined);
  });

  it('alone know their key files and protocols', () => {
    const known = [...KEY_FILES, ...PROOF_SYSTEM_NAMES, 'bn128', 'groth16-bn254'].map(
      (text) => new RegExp(`['"\`/]${text.replace('.', '\\.')}['"\` ]`),
    );
    const found = readdirSync(src, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts') && !OWN.test(file))
      .flatMap((file) => {
        const code = readFileSync(new URL(file, src), 'utf8').replace(/\/\*[\s\S]*?\*\/|^import .*$/gm, '');
        return known.filter((pattern) => pattern.test(code)).map((pattern) => `${file}: ${pattern.source}`);
      });
    // The manifest's list is what the table is total over.
    assert.deepEqual(
      found.filter((one) => !one.startsWith('manifest.ts')),
      [],
    );
  });

  it('count the evaluation domain as snarkjs does: a row for each constraint, public signal and the constant', () => {
    const size = (constraints: number, publicSignals: number): number =>
      PROOF_SYSTEMS.groth16.domainSize({ constraints, publicSignals });
    assert.deepEqual(
      [size(0, 0), size(1, 0), size(5, 2), size(6, 2), size(1023, 0), size(1023, 1)],
      [2, 2, 8, 16, 1024, 2048],
    );
  });

  it('have the name and identifier that ERC-7992 registries know', async () => {
    const contract = await PROOF_SYSTEMS.groth16.contract();
    assert.equal(contract.canonicalName, 'groth16-bn254-v1');
    assert.equal(contract.id, id(contract.canonicalName).slice(0, 10));
  });
});
