/**
 * `npm run test:contracts`: renders the verifiers that the forge suite tests, writes their proofs as ABI-encoded JSON,
 * runs forge. Arguments go to `forge test`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { contractFixtures } from '../test/solidity/forge-fixtures.ts';
import { trapdoorModel } from '../test/solidity/trapdoor-model.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const contracts = `${root}verifier-contracts/`;
const scorer = JSON.parse(readFileSync(`${contracts}test/fixtures/scorer.json`, 'utf8'));
mkdirSync(`${contracts}test/generated`, { recursive: true });
for (const [name, content] of Object.entries({ ...(await contractFixtures(scorer)), ...(await trapdoorModel()) })) {
  writeIfChanged(`${contracts}test/generated/${name}`, content);
}
const { status } = spawnSync(`${root}node_modules/.bin/forge`, ['test', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);

/** forge compiles again what has a new date. */
function writeIfChanged(path, content) {
  try {
    if (readFileSync(path, 'utf8') === content) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(path, content);
}
