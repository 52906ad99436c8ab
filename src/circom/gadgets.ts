/**
 * The gadgets there are: for each template in `circuits/` its parameters and how far circom may simplify. Level 1 keeps a linear
 * constraint, so that the combination which the linker puts in place of an input stays in matrix C, outside the proving key;
 * level 2 removes linear constraints, which in Poseidon are some 1,500, all inner.
 */
import type { GadgetSpec } from './object.js';
import { CircomError } from './circom-error.js';

interface GadgetKind {
  readonly parameters: readonly string[];
  readonly simplification: 1 | 2;
}

const KINDS: ReadonlyMap<string, GadgetKind> = new Map([
  ['ArgMax', { parameters: ['n', 'bits', 'selectLast'], simplification: 1 }],
  ['Context', { parameters: [], simplification: 1 }],
  ['InputRange', { parameters: ['max'], simplification: 1 }],
  ['Multiply', { parameters: [], simplification: 1 }],
  ['PoseidonBlock', { parameters: ['n'], simplification: 2 }],
  ['Requantize', { parameters: ['bits', 'shift'], simplification: 1 }],
  ['RequantizeClamp', { parameters: ['bits', 'shift', 'outBits'], simplification: 1 }],
  ['RequantizeMin', { parameters: ['bits', 'shift', 'max'], simplification: 1 }],
  ['RequantizeRelu', { parameters: ['bits', 'shift'], simplification: 1 }],
]);

export const GADGET_TEMPLATES: readonly string[] = [...KINDS.keys()];

/** The template's entry. Throws CircomError for an unknown template or parameters that do not fit. */
export function gadgetKind(spec: GadgetSpec): GadgetKind {
  const kind = KINDS.get(spec.template);
  if (kind === undefined) throw new CircomError(`no gadget ${spec.template}; there are ${GADGET_TEMPLATES.join(', ')}`);
  if (spec.parameters.length !== kind.parameters.length || !spec.parameters.every(Number.isSafeInteger)) {
    throw new CircomError(`${gadgetKey(spec)}: the parameters are integers (${kind.parameters.join(', ')})`);
  }
  return kind;
}

/** Name of a gadget with its parameters, `Requantize(20,9)`: the key of `compileGadgets`'s result. */
export function gadgetKey(spec: GadgetSpec): string {
  return `${spec.template}(${spec.parameters.join(',')})`;
}
