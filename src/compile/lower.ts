/**
 * Integer model in, netlist out: every op compiled in order between the circuit's input and output borders.
 */
import type { Visibility } from '../manifest.js';
import type { IntegerModel, IntegerOp, TensorId } from '../quantize/integer-model.js';
import { boundModel } from '../quantize/intervals.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import { commit, declareContext, declareInput, inputRows, packRows, publish } from './boundary.js';
import { commitmentDomains } from './commitment-domain.js';
import { Emitter, type Readings } from './emitter.js';
import { compiledLayerOf } from './layers/index.js';
import { joinRows } from './linear-rows.js';
import { NetlistBuilder, type BigCombination, type Netlist } from './netlist.js';
import { planPacking, type PackingPlan } from './packing.js';

export interface CompileVisibility {
  readonly input: Visibility;
  readonly output: Visibility;
}

/** What a public signal is: see the manifest's `publicSignals`. */
export interface SignalMeaning {
  readonly kind: 'output' | 'outputCommitment' | 'input' | 'inputCommitment' | 'context';
  readonly tensor?: number;
  readonly word?: number;
}

export interface LoweredModel {
  readonly netlist: Netlist;
  readonly inputPackings: readonly PackingPlan[];
  readonly outputPackings: readonly PackingPlan[];
  /** Declared integer range of each output. */
  readonly outputRanges: readonly (readonly [number, number])[];
  readonly signals: readonly SignalMeaning[];
  /** Private inputs in wire order: one code per input element, then the salts. */
  readonly saltCount: number;
}

/** Layer names of the border steps. */
export const INPUT_LAYER = '(input range checks)';
export const INPUT_COMMITMENT_LAYER = '(input commitment)';
export const OUTPUT_LAYER = '(outputs)';
export const CONTEXT_LAYER = '(context)';

export function lowerModel(model: IntegerModel, visibility: CompileVisibility): LoweredModel {
  const bounds = boundModel(model);
  const netlist = new NetlistBuilder();
  const inputPackings = model.inputs.map((input) => planPacking(input.shape, 0, 2 ** input.bits - 1));
  const outputRanges = model.outputs.map((output) => hull(bounds.get(output.tensor) as Intervals));
  const outputPackings = model.outputs.map((output, k) => planPacking(output.shape, ...outputRanges[k]));
  const domains = commitmentDomains(model, outputPackings);
  const signals: SignalMeaning[] = [
    ...meanings('output', visibility.output, outputPackings),
    ...meanings('input', visibility.input, inputPackings),
    { kind: 'context' },
  ];
  const publicValues = signals.slice(0, -1).map(() => netlist.value());
  for (const value of publicValues) netlist.publicOutputs.push(value);

  netlist.enter(INPUT_LAYER);
  const emitter = new Emitter(netlist, bounds, readingsOf(model));
  const rows = model.inputs.map((input) => inputRows(input, declareInput(input, netlist)));
  model.inputs.forEach((input, k) => emitter.set(input.tensor, rows[k]));
  const inputWords = (): BigCombination[] =>
    rows.flatMap((_, k) => packRows({ ...rows[k], constants: new Float64Array(rows[k].constants.length) }, inputPackings[k], 0, netlist.valueCount));
  const outputSignals = signals.filter((signal) => signal.kind.startsWith('output')).length;
  netlist.enter(INPUT_COMMITMENT_LAYER);
  expose(inputWords, visibility.input, publicValues.slice(outputSignals), domains.input, netlist);

  let layer = '';
  for (const op of model.ops) {
    if (op.layer !== layer) netlist.enter((layer = op.layer));
    compiledLayerOf(op).compile(op, emitter);
  }

  netlist.enter(OUTPUT_LAYER);
  const outputWords = (): BigCombination[] =>
    model.outputs.flatMap((output, k) => packRows(emitter.rows(output.tensor), outputPackings[k], outputPackings[k].offset, netlist.valueCount));
  expose(outputWords, visibility.output, publicValues.slice(0, outputSignals), domains.output, netlist);
  netlist.enter(CONTEXT_LAYER);
  declareContext(netlist);
  const saltCount = [visibility.input, visibility.output].filter((choice) => choice === 'hashed').length;
  const results = joinRows(model.outputs.map((output) => emitter.rows(output.tensor)));
  return { netlist: netlist.finish(results), inputPackings, outputPackings, outputRanges, signals, saltCount };
}

/** Who reads each tensor's digits, and who its values. */
function readingsOf({ ops, outputs }: Pick<IntegerModel, 'ops' | 'outputs'>): Readings {
  const producers = new Map<TensorId, IntegerOp>(ops.map((op) => [op.output, op]));
  const [digits, values] = [new Set<TensorId>(), new Set<TensorId>(outputs.map(({ tensor }) => tensor))];
  for (const op of ops) {
    for (const input of op.inputs) (compiledLayerOf(op).readsDigits(op, producers.get(input)) ? digits : values).add(input);
  }
  return { digits, values };
}

/** The signals of one side, in order. */
export function meanings(kind: 'input' | 'output', visibility: Visibility, packings: readonly PackingPlan[]): SignalMeaning[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') return [{ kind: kind === 'input' ? 'inputCommitment' : 'outputCommitment' }];
  return packings.flatMap((packing, tensor) => Array.from({ length: packing.words }, (_, word) => ({ kind, tensor, word })));
}

function expose(words: () => readonly BigCombination[], visibility: Visibility, values: readonly number[], domain: bigint, netlist: NetlistBuilder): void {
  if (visibility === 'public') publish(words(), values, netlist);
  if (visibility === 'hashed') commit(words(), values[0], domain, netlist);
}
