import assert from 'node:assert/strict';
import { Interface } from 'ethers';
import { ledgerArtifacts, LICENCES_ABI, MARKET_ABI, ROYALTIES_ABI } from '../../src/ledger/index.js';

describe('the ledger as TypeScript calls it', () => {
  for (const [name, known] of Object.entries({
    InferenceMarket: MARKET_ABI,
    ModelRoyalties: ROYALTIES_ABI,
    ModelLicences: LICENCES_ABI,
  })) {
    it(`has every function, event and error of ${name} as the contract has it`, async () => {
      const compiled = new Interface((await ledgerArtifacts())[name].abi as never);
      const lines = new Set(compiled.fragments.map((fragment) => fragment.format('minimal')));
      for (const fragment of known.fragments) assert.ok(lines.has(fragment.format('minimal')), fragment.format('full'));
    });
  }
});
