import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findBinding, prebuiltName, usesMusl } from '../../src/groth16/prebuilt.js';
import { temporaryFolder } from '../workflow/support/folders.js';

describe("the native prover's binding", () => {
  const name = prebuiltName('linux', 'x64', true);

  /** A project with the prebuilt package of a version, and what finds modules from it. */
  function project(version: string): { folder: string; resolve: (request: string) => string } {
    const folder = temporaryFolder();
    const at = join(folder, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version }));
    return { folder, resolve: createRequire(join(folder, 'index.js')).resolve };
  }

  it('is the one that was built here, else the one of the package for this platform', () => {
    const { folder, resolve } = project('1.2.3');
    const built = join(folder, 'built.node');
    assert.deepEqual(findBinding(built, resolve, name, '1.2.3'), {
      path: join(folder, 'node_modules', name, 'zkinfer.node'),
    });
    writeFileSync(built, '');
    assert.deepEqual(findBinding(built, resolve, name, '1.2.3'), { path: built });
  });

  it('is not taken from a package of another version or platform', () => {
    const { folder, resolve } = project('1.2.4');
    const missing = join(folder, 'built.node');
    const reason = (found: ReturnType<typeof findBinding>): string => ('reason' in found ? found.reason : '');
    assert.match(reason(findBinding(missing, resolve, name, '1.2.3')), /is of version 1\.2\.4, not 1\.2\.3/);
    const other = prebuiltName('darwin', 'arm64', false);
    assert.match(reason(findBinding(missing, resolve, other, '1.2.4')), /no package zkinfer-native-darwin-arm64/);
  });

  it('knows the C library', function () {
    if (process.platform !== 'linux') this.skip();
    assert.equal(usesMusl(), !existsSync('/lib64/ld-linux-x86-64.so.2') && !existsSync('/lib/ld-linux-aarch64.so.1'));
  });
});
