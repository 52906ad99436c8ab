/**
 * `npm run pack:native [-- FOLDER]`: a package with the native prover built for this platform, for users without Rust. It
 * is packed into FOLDER (default: here) as a tarball, to be published or installed beside zkinfer of the same version,
 * which then needs no cargo. Build first: `dist/` names the package, `native/zkinfer.node` is its content.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { prebuiltName, usesMusl } = await import('../dist/groth16/prebuilt.js');
const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const musl = usesMusl();
const manifest = {
  name: prebuiltName(process.platform, process.arch, musl),
  version,
  description: `zkinfer's native prover, built for ${process.platform} on ${process.arch}.`,
  license,
  os: [process.platform],
  cpu: [process.arch],
  ...(process.platform === 'linux' && { libc: [musl ? 'musl' : 'glibc'] }),
  files: ['zkinfer.node'],
};

const folder = mkdtempSync(join(tmpdir(), 'zkinfer-native-'));
try {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'native', 'zkinfer.node'), join(folder, 'zkinfer.node'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', resolve(process.argv[2] ?? '.')], {
    cwd: folder,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
