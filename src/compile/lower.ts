/**
 * Integer model in, netlist out: every op compiled in order between the circuit's input and output borders.
 */
import type { PortVisibility } from '../port-roles.js';
import type { IntegerModel, IntegerOp, TensorId } from '../integer/integer-model.js';
import { boundModel } from '../integer/intervals.js';
import { atOnce, type Stepwise } from '../stepwise.js';
import { sizeOf } from '../tensor/shape.js';
import { checkCodes, commit, declareContext, declareCodes, givenRows, packRows, publish } from './boundary.js';
import { Emitter, type Readings } from './emitter.js';
import { makeDigits } from './layers/digits.js';
import { compiledLayerOf } from './layers/index.js';
import { joinRows, singleValues } from './linear-rows.js';
import { NetlistBuilder, type Netlist } from './netlist.js';
import {
  committedPorts,
  layerOfPort,
  portsBySource,
  portsOf,
  signalsOfPort,
  signalsOfPorts,
  type Port,
  type PortTensor,
  type SignalMeaning,
} from './ports.js';
import type { BigCombination } from './steps.js';

export interface LoweredModel {
  readonly netlist: Netlist;
  readonly ports: readonly Port[];
  readonly signals: readonly SignalMeaning[];
  /** Private inputs in wire order: one code per input element, then the salts. */
  readonly saltCount: number;
}

/** Layer names of the border steps. */
export const INPUT_LAYER = '(input range checks)';
export const CONTEXT_LAYER = '(context)';

/**
 * Multiplications from which on a linear layer is kept as it is. Smaller ones are written out, which composes them once
 * for all.
 */
const LEAST_WORK = 2 ** 20;

/** `leastWork`: multiplications from which on a linear layer is not written out; the circuit is the same. */
export function lowerModel(model: IntegerModel, visibility: Partial<PortVisibility>, leastWork?: number): LoweredModel {
  return atOnce(loweringModel(model, visibility, leastWork));
}

/** {@link lowerModel}, op by op. */
export function* loweringModel(
  model: IntegerModel,
  visibility: Partial<PortVisibility>,
  leastWork = LEAST_WORK,
): Stepwise<LoweredModel> {
  const bounds = boundModel(model);
  const netlist = new NetlistBuilder();
  const ports = portsOf(model, bounds, visibility);
  const publicValues = new Map(ports.map((port) => [port.role, signalsOfPort(port).map(() => netlist.value())]));
  for (const values of publicValues.values()) for (const value of values) netlist.publicOutputs.push(value);

  netlist.enter(INPUT_LAYER);
  const positions = new Map<IntegerOp, number>(model.ops.map((op, position) => [op, position]));
  const emitter = new Emitter(netlist, bounds, readingsOf(model), {
    leastWork,
    positionOf: (op) => positions.get(op) as number,
  });
  const given = portsBySource(ports, 'given').flatMap(({ tensors }) => tensors);
  const firsts = given.map((tensor) => declareCodes(tensor, netlist));
  given.forEach((tensor, k) => {
    emitter.set(tensor.tensor, givenRows(tensor, firsts[k]));
    const isReadByDigits = emitter.isReadByDigits(tensor.tensor);
    if (isReadByDigits) codesAsDigits(tensor, firsts[k], emitter);
    // Digits prove the range of codes only where there are as many as the gadget makes, two at least.
    if (!isReadByDigits || tensor.packing.bits < LEAST_DIGITS) checkCodes(tensor, firsts[k], netlist);
  });
  const expose = (port: Port): void => {
    netlist.enter(layerOfPort(port));
    const words = (): BigCombination[] =>
      port.tensors.flatMap(({ tensor, packing, base }) =>
        packRows(emitter.rows(tensor), packing, base, netlist.valueCount),
      );
    const values = publicValues.get(port.role) as number[];
    if (port.visibility === 'public') publish(words(), values, netlist);
    if (port.visibility === 'hashed') commit(words(), values[0], port.domain, netlist);
  };
  portsBySource(ports, 'given').forEach(expose);

  let layer = '';
  for (const [i, op] of model.ops.entries()) {
    yield i / model.ops.length;
    if (op.layer !== layer) netlist.enter((layer = op.layer));
    compiledLayerOf(op).compile(op, emitter);
  }

  portsBySource(ports, 'computed').forEach(expose);
  netlist.enter(CONTEXT_LAYER);
  declareContext(netlist);
  const results = joinRows(model.outputs.map((output) => emitter.rows(output.tensor)));
  return {
    netlist: netlist.finish(results),
    ports,
    signals: signalsOfPorts(ports),
    saltCount: committedPorts(ports).length,
  };
}

/** How many layers the circuit's border has before the network's (range checks, given ports) and after (computed, context). */
export function borderOf(ports: readonly Port[]): { readonly before: number; readonly after: number } {
  return { before: 1 + portsBySource(ports, 'given').length, after: portsBySource(ports, 'computed').length + 1 };
}

/** Digits that `RequantizeDigits` makes at least. */
const LEAST_DIGITS = 2;

/** The codes of a tensor that the prover gives as digits, which proves their range too from two digits on. */
function codesAsDigits({ tensor, shape, packing: { bits }, base }: PortTensor, first: number, at: Emitter): void {
  const count = sizeOf(shape);
  const codes = singleValues(first, count, () => 0);
  const digits = makeDigits(codes, count, () => [0, 2 ** bits - 1], 0, bits, at);
  at.setDigits(tensor, typeof base === 'number' ? base : base[0], digits);
}

/** Who reads each tensor's digits, and who its values. */
function readingsOf({ ops, outputs }: Pick<IntegerModel, 'ops' | 'outputs'>): Readings {
  const producers = new Map<TensorId, IntegerOp>(ops.map((op) => [op.output, op]));
  const [digits, values] = [new Set<TensorId>(), new Set<TensorId>(outputs.map(({ tensor }) => tensor))];
  for (const op of ops) {
    for (const input of op.inputs)
      (compiledLayerOf(op).readsDigits(op, producers.get(input)) ? digits : values).add(input);
  }
  return { digits, values };
}
