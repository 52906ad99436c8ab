/**
 * Builds the native prover with cargo: the Node binding `native/zkinfer.node` or, with `--programs`, `zkinfer-prover`
 * and `zkinfer-synth` in `native/target/release`, which benchmarks run. Without cargo it says so and succeeds: zkinfer
 * then proves with the WebAssembly module where that is there (the package brings it), or with snarkjs.
 *
 * The trap: cargo chooses the features of dependencies for the packages that are asked for together. Every run, of the
 * tests too, asks for all packages of the workspace: otherwise each run would compile most of the dependencies once
 * more.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const crate = fileURLToPath(new URL('../native/', import.meta.url));
const target = join(crate, 'target');
const binding = join(crate, 'zkinfer.node');
const programs = process.argv.includes('--programs');
const suffix = process.platform === 'win32' ? '.exe' : '';

/** Who proves where the addon is not there. */
const instead = existsSync(join(crate, 'zkinfer.wasm'))
  ? 'by its WebAssembly build, which is slower'
  : 'by snarkjs, which is much slower';

const LIBRARY_NAMES = { win32: 'zkinfer_node.dll', darwin: 'libzkinfer_node.dylib' };
const library = LIBRARY_NAMES[process.platform] ?? 'libzkinfer_node.so';

/** Latest modification below the crate's sources, in milliseconds. */
function newestSource() {
  const sources = ['src', 'files', 'node', 'programs'].flatMap((folder) =>
    readdirSync(join(crate, folder), { recursive: true }).map((name) => join(crate, folder, name)),
  );
  sources.push(...['Cargo.toml', 'Cargo.lock'].map((name) => join(crate, name)));
  return Math.max(...sources.map((path) => statSync(path).mtimeMs));
}

function upToDate() {
  const products = programs
    ? ['zkinfer-prover', 'zkinfer-synth'].map((name) => join(target, 'release', name + suffix))
    : [binding];
  return products.every((path) => existsSync(path) && statSync(path).mtimeMs >= newestSource());
}

function cargo(...args) {
  const { status, error } = spawnSync('cargo', ['build', '--release', '--locked', '--target-dir', target, ...args], {
    cwd: crate,
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`cargo build failed with exit code ${status}`);
}

function build() {
  if (programs) {
    cargo('--bins');
    return;
  }
  cargo('--lib');
  const temporary = `${binding}.tmp-${process.pid}`;
  copyFileSync(join(target, 'release', library), temporary);
  renameSync(temporary, binding);
}

// As npm's install step (`--optional`) nothing may fail, and set-up by one command builds later, in sight.
const optional = process.argv.includes('--optional');

if (optional && process.env.ZKINFER_SKIP_NATIVE) {
  // Left to the command that asked for it.
} else if (spawnSync('cargo', ['--version']).status !== 0) {
  console.log(`No cargo here: the native prover is not built, and proofs will be made ${instead}.`);
  console.log('For the native prover install Rust (https://rustup.rs), then run `npm run build`.');
} else if (upToDate()) {
  console.log('The native prover is up to date.');
} else {
  try {
    build();
  } catch (error) {
    if (!optional) throw error;
    console.log(`The native prover could not be built (${error.message}); proofs will be made ${instead}.`);
  }
}
