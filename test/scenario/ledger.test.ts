import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { playLedgerScenario, type ScenarioFacts } from '../../src/scenario/ledger.js';
import { developmentSigner } from '../../src/chain/index.js';
import { fixtureBuild } from '../operator/support/builds.js';
import { fixtureFile } from '../fixtures-compiled.js';

const ETHER = 10n ** 18n;

describe('the integrity ledger from end to end, with real proofs', () => {
  let facts: ScenarioFacts;
  const operator = developmentSigner(0).address;

  before(async () => {
    const { folder, input } = await fixtureBuild('tabular');
    facts = await playLedgerScenario({
      build: folder,
      input,
      backend: 'auto',
      files: {
        dataSet: fileURLToPath(fixtureFile('tabular', 'samples.json')),
        training: fileURLToPath(new URL('../../fixtures/train', import.meta.url)),
        onnx: fileURLToPath(fixtureFile('tabular', 'model.onnx')),
      },
      ...(process.env.ZKINFER_TEST_LOG ? { logLevel: process.env.ZKINFER_TEST_LOG, tell: console.log } : {}),
    });
  });

  it('refuses a question without the licence that the model requires', () => {
    assert.equal(facts.unlicensed, 'NotLicensed');
  });

  it('accepts the proved answer and pays it out by the terms and the provenance graph', () => {
    assert.equal(facts.proved.operator, operator);
    // 60 % operator, 25 % owner; of the contributors' 15 %, 40 % owner (model version), 30 % trainer (run), 30 %
    // curator (data set).
    assert.deepEqual(facts.shares, {
      operator: (ETHER * 6n) / 100n,
      owner: (ETHER * 31n) / 1000n,
      curator: (ETHER * 45n) / 10_000n,
      trainer: (ETHER * 45n) / 10_000n,
    });
  });

  it('slashes the late rival, reopens the request, and another answers it', () => {
    assert.equal(facts.late.status, 'accepted');
    assert.equal(facts.late.operator, operator);
  });

  it('finds the lie, slashes the liar, pays the challenger, and gets the right answer in the end', () => {
    assert.equal(facts.lie.status, 'accepted');
    assert.equal(facts.lie.operator, operator);
    assert.equal(facts.lie.outputHash, facts.honestOutputHash);
    assert.equal(facts.operatorWonFromLie, ETHER / 10n + ETHER / 20n);
    assert.equal(facts.rivalLost, (ETHER * 2n) / 5n);
  });

  it('leaves nothing but stakes when everyone has withdrawn', () => {
    assert.equal(facts.left.market, facts.left.stakes);
    assert.equal(facts.left.royalties, 0n);
  });

  it('leads from an attestation back to the data set, as text and as a drawing', () => {
    assert.equal(facts.lineage.artifacts.length, 4);
    assert.equal(facts.lineage.artifacts[0], facts.lineage.dataSetId);
    assert.match(facts.lineage.text, /attestation/i);
    assert.match(facts.lineage.svg, /^<svg[\s\S]*<\/svg>\s*$/);
  });
});
