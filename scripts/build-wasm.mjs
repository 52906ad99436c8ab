/**
 * `npm run build:wasm`: the prover as a WebAssembly module, `native/zkinfer.wasm`. Takes the toolchain on the PATH where
 * it has the target `wasm32-unknown-unknown` (`rustup target add wasm32-unknown-unknown`), else Debian's `cargo-web` and
 * `rustc-web`, which build the standard library from `rust-web-src`. With `--optional`, no toolchain is no error;
 * `--toolchain` only says by its exit code whether there is one; `--then PROGRAM` runs a program of Node's afterwards.
 *
 * The module is the same for the same toolchain and sources: paths are cut out of it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TARGET = 'wasm32-unknown-unknown';
const crate = fileURLToPath(new URL('../native/', import.meta.url));
const module = join(crate, 'zkinfer.wasm');
// A folder of its own: with other features, dependencies of the native build would be compiled again each time.
const targetDir = join(crate, 'target', 'wasm');
const optional = process.argv.includes('--optional');

const outputOf = (command, ...args) => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** Cargo, its rustc, and what they need to know; undefined where none is here. */
function findToolchain() {
  const sysroot = outputOf('rustc', '--print', 'sysroot');
  if (sysroot !== undefined && existsSync(join(sysroot, 'lib/rustlib', TARGET, 'lib'))) {
    return { cargo: 'cargo', env: {}, args: [], flags: [], sysroot };
  }
  const debian = outputOf('/usr/bin/rustc', '--print', 'sysroot');
  if (debian === undefined || !existsSync(join(debian, 'lib/rustlib/src/rust/library/std'))) return undefined;
  const linker = ['wasm-ld', 'wasm-ld-14'].find((name) => outputOf(name, '--version') !== undefined);
  if (linker === undefined || !existsSync('/usr/bin/cargo')) return undefined;
  return {
    cargo: '/usr/bin/cargo',
    // Building the standard library is a feature of nightly toolchains; Debian's is built to be used so.
    env: { RUSTC: '/usr/bin/rustc', RUSTC_BOOTSTRAP: '1' },
    args: ['-Z', 'build-std=std,panic_abort'],
    flags: [`-Clinker=${linker}`],
    sysroot: debian,
  };
}

/** Latest modification of what the module is made of, in milliseconds. */
function newestSource() {
  const sources = ['src', 'wasm'].flatMap((folder) =>
    readdirSync(join(crate, folder), { recursive: true }).map((name) => join(crate, folder, name)),
  );
  sources.push(join(crate, 'Cargo.toml'), join(crate, 'Cargo.lock'), fileURLToPath(import.meta.url));
  return Math.max(...sources.map((path) => statSync(path).mtimeMs));
}

function build({ cargo, env, args, flags, sysroot }) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const rustflags = [
    '-Ctarget-feature=+simd128',
    '--cfg=getrandom_backend="custom"',
    `--remap-path-prefix=${crate}=native/`,
    `--remap-path-prefix=${cargoHome}=cargo`,
    `--remap-path-prefix=${sysroot}=rust`,
    ...flags,
  ];
  const { status, error } = spawnSync(
    cargo,
    [
      'build',
      '--profile',
      'wasm',
      '--locked',
      '--target',
      TARGET,
      '--target-dir',
      targetDir,
      '-p',
      'zkinfer-wasm',
      ...args,
    ],
    { cwd: crate, stdio: 'inherit', env: { ...process.env, ...env, CARGO_ENCODED_RUSTFLAGS: rustflags.join('\x1f') } },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`cargo build failed with exit code ${status}`);
  const temporary = `${module}.tmp-${process.pid}`;
  copyFileSync(join(targetDir, TARGET, 'wasm', 'zkinfer_wasm.wasm'), temporary);
  renameSync(temporary, module);
  const bytes = readFileSync(module);
  const kilobytes = (length) => `${Math.round(length / 1000)} KB`;
  console.error(
    `native/zkinfer.wasm: ${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} compressed`,
  );
}

const toolchain = findToolchain();
if (process.argv.includes('--toolchain')) process.exit(toolchain === undefined ? 1 : 0);
if (existsSync(module) && statSync(module).mtimeMs >= newestSource()) {
  console.error('The WebAssembly module is up to date.');
} else if (toolchain === undefined) {
  console.error(
    `No Rust toolchain for ${TARGET} here, so the WebAssembly module is not built. With rustup: ` +
      `\`rustup target add ${TARGET}\`; on Debian: \`apt-get install cargo-web rustc-web rust-web-src lld\`.`,
  );
  if (!optional) process.exit(1);
} else {
  try {
    build(toolchain);
  } catch (error) {
    if (!optional) throw error;
    console.error(`The WebAssembly module could not be built (${error.message}).`);
  }
}
const then = process.argv.indexOf('--then');
if (then !== -1) {
  const { status } = spawnSync(process.execPath, process.argv.slice(then + 1), { stdio: 'inherit' });
  process.exit(status ?? 1);
}
