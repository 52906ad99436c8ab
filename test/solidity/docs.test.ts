import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compileSolidity, contractSources } from '../../src/solidity/index.js';

describe('docs/contracts.md', () => {
  const text = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8');

  it('shows a contract that compiles', async function () {
    this.timeout(60_000);
    const [, example] = /```solidity\n(.*?)```/s.exec(text)!;
    const sources = contractSources('interfaces/IAttestations.sol', 'libraries/InferenceContext.sol');
    const asPackage = Object.fromEntries(Object.entries(sources).map(([path, source]) => [`zkinfer/verifier-contracts/src/${path}`, source]));
    assert.ok((await compileSolidity({ ...asPackage, 'Gate.sol': example })).Gate);
  });
});
