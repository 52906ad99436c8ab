/** What circom made of a gadget, as the linker takes it: read, and held against the gadget's definition. */
import { GadgetError, gadgetKey, gadgetOf, type Gadget, type GadgetSpec } from '../gadgets/index.js';
import { decodeR1cs } from '../r1cs/r1cs-file.js';
import { decodeSym } from '../r1cs/sym-file.js';
import { checkObject } from './check-object.js';
import { CircomError } from './circom-error.js';
import type { CompiledGadget } from './compile-gadget.js';
import type { GadgetObject } from './object.js';

/** Gadgets by `gadgetKey`, each once however often it is named. @throws CircomError for one that there is not */
export function distinctGadgets(specs: Iterable<GadgetSpec>): Map<string, GadgetSpec> {
  const distinct = new Map<string, GadgetSpec>();
  for (const spec of specs) {
    known(spec);
    distinct.set(gadgetKey(spec), spec);
  }
  return distinct;
}

/** The spec's gadget. @throws CircomError */
function known(spec: GadgetSpec): Gadget {
  try {
    return gadgetOf(spec);
  } catch (cause) {
    if (cause instanceof GadgetError) throw new CircomError(cause.message, { cause });
    throw cause;
  }
}

/** @throws CircomError where what was compiled is not the gadget */
export function linkable(spec: GadgetSpec, { r1cs, sym }: CompiledGadget): GadgetObject {
  const system = decodeR1cs(r1cs);
  const outputCount = system.publicOutputCount;
  const inputCount = system.publicInputCount + system.privateInputCount;
  if (outputCount !== gadgetOf(spec).outputs(spec)) {
    throw new CircomError(
      `${gadgetKey(spec)}: circom gave it ${outputCount} outputs, its definition says ${gadgetOf(spec).outputs(spec)}`,
    );
  }
  // Labels count outputs and inputs first: if each still has its wire, label and wire are the same number.
  const lines = sym.split('\n', outputCount + inputCount);
  if (!lines.every((line, i) => line.startsWith(`${i + 1},${i + 1},`))) {
    throw new CircomError(
      `${gadgetKey(spec)}: circom merged an input or output with another wire; with these parameters no gadget is needed`,
    );
  }
  checkObject(spec, system);
  return {
    spec,
    system,
    outputCount,
    inputCount,
    signals: decodeSym(sym, system.wireCount).map((name) => name.replace(/^main\./, '')),
  };
}
