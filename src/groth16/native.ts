/**
 * Backend `native`: the Rust prover in `native/`, through its Node addon. Proving, setup and verification run off the
 * event loop, on all cores.
 *
 * The trap: the addon is a build product and may be absent or stale, so it is loaded on demand and its absence is an
 * answer (`loadNative` gives the reason), not a crash on import.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { VERSION } from '../version.js';
import { backendOver, type Binding, type RustLoad } from './binding.js';
import { findBinding, prebuiltName, usesMusl } from './prebuilt.js';

let loaded: RustLoad | undefined;

/** Loads the addon once per process. */
export function loadNative(): RustLoad {
  loaded ??= load();
  return loaded;
}

function load(): RustLoad {
  const require = createRequire(import.meta.url);
  const built = fileURLToPath(new URL('../../native/zkinfer.node', import.meta.url));
  const unavailable = (detail: string): RustLoad => ({
    reason: `the native prover cannot be loaded (${detail}); \`npm run build\` builds it where cargo is installed`,
  });
  try {
    const name = prebuiltName(process.platform, process.arch, usesMusl());
    const found = findBinding(built, require.resolve, name, VERSION);
    if ('reason' in found) return unavailable(found.reason);
    const binding = require(found.path) as Binding & { chooseKernels(name: string): void };
    const kernels = process.env['ZKINFER_KERNELS'];
    if (kernels !== undefined) binding.chooseKernels(kernels);
    return { backend: backendOver('native', binding) };
  } catch (error) {
    return unavailable(String(error));
  }
}
