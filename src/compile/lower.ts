/**
 * Integer model in, netlist out: every op compiled in order between the circuit's input and output borders.
 */
import type { PortVisibility } from '../port-roles.js';
import type { IntegerModel, IntegerOp, TensorId } from '../integer/integer-model.js';
import { boundModel } from '../integer/intervals.js';
import { ofOneRow } from '../integer/batch.js';
import { atOnce, type Stepwise } from '../stepwise.js';
import type { Intervals } from '../tensor/intervals.js';
import { sizeOf } from '../tensor/shape.js';
import { batchNetlist } from './batch.js';
import { checkCodes, commit, declareContext, declareCodes, givenRows, packRows, publish } from './boundary.js';
import { Emitter, type Readings } from './emitter.js';
import { makeDigits } from './layers/digits.js';
import { compiledLayerOf } from './layers/index.js';
import { joinRows, singleValues, type LinearRows } from './linear-rows.js';
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
/** Of a batch: gives each element of a row's outputs a wire. */
const RESULTS_LAYER = '(rows)';

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
  const ports = portsOf(model, bounds, visibility);
  const netlist =
    model.batch === undefined
      ? yield* loweringWhole(model, ports, { bounds, leastWork })
      : batchNetlist(model, yield* loweringRow(model, { bounds, leastWork }), ports, CONTEXT_LAYER);
  return { netlist, ports, signals: signalsOfPorts(ports), saltCount: committedPorts(ports).length };
}

interface LowerOptions {
  /** Worst-case intervals of every tensor. */
  readonly bounds: ReadonlyMap<TensorId, Intervals>;
  readonly leastWork: number;
}

/** The circuit of one inference with its border. */
function* loweringWhole(model: IntegerModel, ports: readonly Port[], options: LowerOptions): Stepwise<Netlist> {
  const netlist = new NetlistBuilder();
  const publicValues = new Map(ports.map((port) => [port.role, signalsOfPort(port).map(() => netlist.value())]));
  for (const values of publicValues.values()) for (const value of values) netlist.publicOutputs.push(value);
  const emitter = takeInputs(model, netlist, ports, options);
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
  yield* compilingOps(model, netlist, emitter);
  portsBySource(ports, 'computed').forEach(expose);
  netlist.enter(CONTEXT_LAYER);
  declareContext(netlist);
  return netlist.finish(resultsOf(model, emitter));
}

/** One row of a batch: codes in, each output element a public output of its own, and no border beyond that. */
function* loweringRow(model: IntegerModel, options: LowerOptions): Stepwise<Netlist> {
  const row = ofOneRow(model);
  const netlist = new NetlistBuilder();
  for (const { tensor } of row.outputs) {
    const { low, high } = options.bounds.get(tensor) as Intervals;
    low.forEach((least, i) => netlist.publicOutputs.push(netlist.value(least, high[i])));
  }
  const emitter = takeInputs(row, netlist, portsOf(row, options.bounds, {}), options);
  yield* compilingOps(row, netlist, emitter);
  netlist.enter(RESULTS_LAYER);
  const results = resultsOf(row, emitter);
  netlist.publicOutputs.forEach((value, i) => netlist.assign(value, { rows: results, row: i }));
  return netlist.finish(results);
}

/** Declares what the prover gives, and checks its range. */
function takeInputs(
  model: IntegerModel,
  netlist: NetlistBuilder,
  ports: readonly Port[],
  { bounds, leastWork }: LowerOptions,
): Emitter {
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
  return emitter;
}

function* compilingOps(model: IntegerModel, netlist: NetlistBuilder, emitter: Emitter): Stepwise<void> {
  let layer = '';
  for (const [i, op] of model.ops.entries()) {
    yield i / model.ops.length;
    if (op.layer !== layer) netlist.enter((layer = op.layer));
    compiledLayerOf(op).compile(op, emitter);
  }
}

/** The model's outputs, one after the other. */
function resultsOf(model: IntegerModel, emitter: Emitter): LinearRows {
  return joinRows(model.outputs.map((output) => emitter.rows(output.tensor)));
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
