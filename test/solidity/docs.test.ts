import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { compileSolidity } from '../../src/solidity/index.js';

describe('docs/contracts.md', () => {
  const text = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8');

  it('shows a contract that compiles, with its imports as Node resolves them', async function () {
    this.timeout(60_000);
    const [, example] = /```solidity\n(.*?)```/s.exec(text)!;
    // The package names itself, so this goes through its `exports` as in a project that has installed it.
    const { resolve } = createRequire(import.meta.url);
    const sources: Record<string, string> = {};
    const visit = (name: string, source: string): void => {
      sources[name] = source;
      for (const [, imported] of source.matchAll(/^import\s+[^;"']*["']([^"']+)["'];/gm)) {
        const target = imported.startsWith('.') ? posix.join(posix.dirname(name), imported) : imported;
        if (sources[target] === undefined) visit(target, readFileSync(resolve(target), 'utf8'));
      }
    };
    visit('Gate.sol', example);
    assert.ok((await compileSolidity(sources)).Gate);
  });
});
