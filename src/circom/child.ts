/** Child process of `compileGadgets`: compiles what it is sent, one gadget at a time. */
import { compileGadget } from './compile-gadget.js';
import type { GadgetSpec } from '../gadgets/index.js';
import { loadCircom } from './load-circom.js';
import { gadgetSources } from './sources.js';

const module = loadCircom();

process.on('message', (spec: GadgetSpec) => {
  module
    .then((circom) => answer({ compiled: compileGadget(circom, spec, gadgetSources(spec.template)) }))
    .catch((error: unknown) => answer({ failure: error instanceof Error ? error.message : String(error) }));
});
/** A parent that has gone wants no answer: without the callback the failed send would be an uncaught error. */
function answer(message: object): void {
  process.send!(message, undefined, undefined, () => undefined);
}

process.on('disconnect', () => process.exit());
