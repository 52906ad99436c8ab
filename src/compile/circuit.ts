/**
 * The compiler as one function: integer model and gadgets in, circuit out. Who compiles the gadgets is the caller's:
 * `compile.ts` does it in Node, `browser/compiler.ts` in a page.
 */
import type { GadgetObject } from '../circom/object.js';
import type { GadgetSpec } from '../gadgets/index.js';
import type { PortVisibility } from '../port-roles.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { collect } from '../r1cs/builder.js';
import type { ConstraintSource, R1cs } from '../r1cs/types.js';
import { atOnce, type Pace } from '../stepwise.js';
import { link, type LayerCost } from './link.js';
import { loweringModel, type LoweredModel } from './lower.js';
import { gadgetsOf, type Netlist } from './netlist.js';
import type { WitnessPlan } from './witness-plan.js';

export interface Circuit extends Omit<LoweredModel, 'netlist'> {
  readonly netlist: Netlist;
  /** The constraint system, batch by batch. */
  readonly constraints: ConstraintSource;
  /** The constraint system in memory, made when it is first asked for: that of a large model takes gigabytes. */
  readonly system: R1cs;
  readonly plan: WitnessPlan;
  /** Constraints by layer, borders included, in order. */
  readonly layers: readonly LayerCost[];
}

/** Objects by `gadgetKey`. @throws CircomError */
export type GadgetCompiler = (specs: Iterable<GadgetSpec>) => Promise<ReadonlyMap<string, GadgetObject>>;

export interface CircuitOptions {
  /** Multiplications from which on a linear layer is not written out; the circuit is the same. Default LEAST_WORK. */
  readonly leastWork?: number;
  /** Runs the work; default: without a stop. */
  readonly pace?: Pace;
}

/** @throws CircomError, AccumulatorOverflowError */
export async function circuitFor(
  model: IntegerModel,
  visibility: Partial<PortVisibility>,
  compileGadgets: GadgetCompiler,
  options: CircuitOptions = {},
): Promise<Circuit> {
  const pace: Pace = options.pace ?? (async (work) => atOnce(work));
  const lowered = await pace(loweringModel(model, visibility, options.leastWork));
  const objects = await compileGadgets(gadgetsOf(lowered.netlist));
  const { constraints, plan, layers } = link(lowered.netlist, objects);
  let system: R1cs | undefined;
  return {
    ...lowered,
    constraints,
    get system() {
      return (system ??= collect(constraints));
    },
    plan,
    layers,
  };
}
