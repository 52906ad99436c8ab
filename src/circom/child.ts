/** Child process of `compileGadgets`: compiles what it is sent, one gadget at a time. */
import { compileGadget } from './compile-gadget.js';
import type { GadgetSpec } from '../gadgets/index.js';
import { loadCircom } from './run-circom.js';

const module = loadCircom();

process.on('message', (spec: GadgetSpec) => {
  module
    .then((circom) => process.send!({ compiled: compileGadget(circom, spec) }))
    .catch((error: unknown) => process.send!({ failure: error instanceof Error ? error.message : String(error) }));
});
process.on('disconnect', () => process.exit());
