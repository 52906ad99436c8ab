import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

describe('the page on trust', () => {
  it('names tests that exist', () => {
    const page = readFileSync(new URL('docs/trust.md', root), 'utf8');
    const named = [...page.matchAll(/`(test\/[^`]+)` › `([^`]+)`/g)];
    assert.ok(named.length > 10);
    for (const [, file, name] of named) {
      const source = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'");
      assert.ok(source.includes(`it('${name}'`) || source.includes(`it("${name}"`), `${file}: ${name}`);
    }
  });
});
