/**
 * `npm run build:wasm`: the prover as a WebAssembly module, `native/zkinfer.wasm`, and, where the toolchain can build the
 * standard library, a second one for hosts that share memory between threads, `native/zkinfer-threads.wasm`. Takes the toolchain on the PATH where
 * it has the target `wasm32-unknown-unknown` (`rustup target add wasm32-unknown-unknown`), else Debian's `cargo-web` and
 * `rustc-web`, which build the standard library from `rust-web-src`. With `--optional`, no toolchain is no error;
 * `--no-threads`
 * leaves the second out; `--toolchain` only says by its exit code whether there is one; `--then PROGRAM` runs a program of Node's afterwards.
 *
 * The module is the same for the same toolchain and sources: paths are cut out of it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TARGET = 'wasm32-unknown-unknown';
const crate = fileURLToPath(new URL('../native/', import.meta.url));
/** Folders of their own: with other features, dependencies of another build would be compiled again each time. */
const MODULES = {
  plain: { path: join(crate, 'zkinfer.wasm'), targetDir: join(crate, 'target', 'wasm'), flags: [], args: [] },
  threads: {
    path: join(crate, 'zkinfer-threads.wasm'),
    targetDir: join(crate, 'target', 'wasm-threads'),
    args: ['--features', 'threads'],
    // Memory comes from the host, which says how far it may grow; each thread is told its stack and its thread-local memory.
    flags: [
      '-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals',
      ...[
        '--shared-memory',
        '--import-memory',
        '--initial-memory=4194304',
        '--max-memory=4294967296',
        ...['__stack_pointer', '__wasm_init_tls', '__tls_size', '__tls_align'].map((name) => `--export=${name}`),
      ].map((flag) => `-Clink-arg=${flag}`),
    ],
  },
};
const optional = process.argv.includes('--optional');

const outputOf = (command, ...args) => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** Cargo, its rustc, and what they need to know; undefined where none is here. */
function findToolchain() {
  const sysroot = outputOf('rustc', '--print', 'sysroot');
  if (sysroot !== undefined && existsSync(join(sysroot, 'lib/rustlib', TARGET, 'lib'))) {
    return { cargo: 'cargo', env: {}, args: [], flags: [], sysroot, modules: ['plain'] };
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
    modules: ['plain', 'threads'],
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

function build({ cargo, env, args, flags, sysroot }, { path, targetDir, flags: own, args: ownArgs }) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const rustflags = [
    '-Ctarget-feature=+simd128',
    '--cfg=getrandom_backend="custom"',
    `--remap-path-prefix=${crate}=native/`,
    `--remap-path-prefix=${cargoHome}=cargo`,
    `--remap-path-prefix=${sysroot}=rust`,
    ...flags,
    ...own,
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
      ...ownArgs,
      ...args,
    ],
    { cwd: crate, stdio: 'inherit', env: { ...process.env, ...env, CARGO_ENCODED_RUSTFLAGS: rustflags.join('\x1f') } },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`cargo build failed with exit code ${status}`);
  const temporary = `${path}.tmp-${process.pid}`;
  copyFileSync(join(targetDir, TARGET, 'wasm', 'zkinfer_wasm.wasm'), temporary);
  renameSync(temporary, path);
  const bytes = readFileSync(path);
  const kilobytes = (length) => `${Math.round(length / 1000)} KB`;
  console.error(
    `native/${basename(path)}: ${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} compressed`,
  );
}

const toolchain = findToolchain();
if (process.argv.includes('--toolchain')) process.exit(toolchain === undefined ? 1 : 0);
const withThreads = !process.argv.includes('--no-threads');
if (toolchain === undefined) {
  const known = existsSync(MODULES.plain.path) && statSync(MODULES.plain.path).mtimeMs >= newestSource();
  console.error(
    known
      ? 'The WebAssembly module is up to date.'
      : `No Rust toolchain for ${TARGET} here, so the WebAssembly module is not built. With rustup: ` +
          `\`rustup target add ${TARGET}\`; on Debian: \`apt-get install cargo-web rustc-web rust-web-src lld\`.`,
  );
  if (!known && !optional) process.exit(1);
} else {
  for (const name of toolchain.modules.filter((one) => one === 'plain' || withThreads)) {
    const module = MODULES[name];
    if (existsSync(module.path) && statSync(module.path).mtimeMs >= newestSource()) {
      console.error(`native/${basename(module.path)} is up to date.`);
      continue;
    }
    try {
      build(toolchain, module);
    } catch (error) {
      if (!optional) throw error;
      console.error(`native/${basename(module.path)} could not be built (${error.message}).`);
    }
  }
}
// Browsers take them from beside the package's bundle.
const web = fileURLToPath(new URL('../dist/web/', import.meta.url));
for (const { path } of Object.values(MODULES))
  if (existsSync(web) && existsSync(path)) copyFileSync(path, join(web, basename(path)));
const then = process.argv.indexOf('--then');
if (then !== -1) {
  const { status } = spawnSync(process.execPath, process.argv.slice(then + 1), { stdio: 'inherit' });
  process.exit(status ?? 1);
}
