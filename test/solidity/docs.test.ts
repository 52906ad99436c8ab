import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileSolidity } from '../../src/solidity/index.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CONTRACTS = join(ROOT, 'verifier-contracts');

/** The first Solidity block of a page. */
function exampleOf(page: string): string {
  const [, example] = /```solidity\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs', page), 'utf8'))!;
  return example;
}

/**
 * A source and all that it imports, by import path: packages as Node resolves them from the project's folder, with
 * their `exports`, and relative paths beside the importing file.
 */
function gather(project: string, name: string, text: string): Record<string, string> {
  const { resolve } = createRequire(join(project, 'any.js'));
  const sources: Record<string, string> = { [name]: text };
  const follow = (importer: string, source: string): void => {
    for (const [, target] of source.matchAll(/^import [^;]*?"([^"]+)";/gm)) {
      const path = target.startsWith('.') ? join(dirname(importer), target) : target;
      if (path in sources) continue;
      sources[path] = readFileSync(resolve(path), 'utf8');
      follow(path, sources[path]);
    }
  };
  follow(name, text);
  return sources;
}

describe('verifier-contracts as a package', () => {
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), 'zkinfer-project-'));
    mkdirSync(join(project, 'node_modules', '@zkinfer'), { recursive: true });
    // What npm would publish, laid where npm would put it.
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
        cwd: CONTRACTS,
        encoding: 'utf8',
      }),
    ) as [{ filename: string }];
    execFileSync('tar', ['-xzf', join(project, filename.replace(/^@/, '').replace('/', '-')), '-C', project]);
    execFileSync('mv', [join(project, 'package'), join(project, 'node_modules', '@zkinfer', 'contracts')]);
    symlinkSync(ROOT, join(project, 'node_modules', 'zkinfer'));
    symlinkSync(join(ROOT, 'node_modules', '@openzeppelin'), join(project, 'node_modules', '@openzeppelin'));
  });
  after(() => rmSync(project, { recursive: true }));

  it('compiles the contract of docs/contracts.md, its imports resolved by Node', async () => {
    assert.ok((await compileSolidity(gather(project, 'Gate.sol', exampleOf('contracts.md')))).Gate);
  });

  it('gives the same files through the toolkit, past its map of exports', () => {
    const { resolve } = createRequire(join(project, 'any.js'));
    for (const name of [
      'interfaces/IAttestations.sol',
      'libraries/InferenceContext.sol',
      'ledger/interfaces/IInferenceMarket.sol',
    ]) {
      assert.equal(
        readFileSync(resolve(`zkinfer/verifier-contracts/src/${name}`), 'utf8'),
        readFileSync(resolve(`@zkinfer/contracts/src/${name}`), 'utf8'),
      );
    }
  });

  it('builds in a Foundry project with the remapping of docs/solidity-project.md', () => {
    const [, settings] = /```toml\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs', 'solidity-project.md'), 'utf8'))!;
    mkdirSync(join(project, 'src'));
    writeFileSync(join(project, 'src', 'Ring.sol'), exampleOf('solidity-project.md'));
    writeFileSync(
      join(project, 'foundry.toml'),
      `${settings}solc = "${join(CONTRACTS, 'solc.mjs')}"\noffline = true\nauto_detect_remappings = false\n`,
    );
    execFileSync(join(ROOT, 'node_modules', '.bin', 'forge'), ['build', '--root', project], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    assert.ok(JSON.parse(readFileSync(join(project, 'out', 'Ring.sol', 'Ring.json'), 'utf8')));
  });

  it('asks of interfaces no newer compiler than custom errors do, and of nobody another package', () => {
    for (const folder of ['src/interfaces', 'src/ledger/interfaces']) {
      for (const name of readdirSync(join(CONTRACTS, folder))) {
        const text = readFileSync(join(CONTRACTS, folder, name), 'utf8');
        assert.match(text, /^pragma solidity \^0\.8\.4;$/m, name);
        for (const [, target] of text.matchAll(/^import [^;]*?"([^"]+)";/gm)) assert.match(target, /^\.\.?\//, name);
      }
    }
  });
});
