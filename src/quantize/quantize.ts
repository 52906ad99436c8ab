/**
 * Post-training quantization: float graph in, integer model out. Fuses what can be fused, takes ranges from calibration
 * (or worst-case bounds), then lowers layer by layer.
 */
import type { Graph } from '../network/graph.js';
import { atOnce, between, type Stepwise } from '../stepwise.js';
import { boundGraph } from '../network/bounds.js';
import { UnitClasses } from '../network/unit-classes.js';
import { isScoreVector } from './accuracy.js';
import { AccumulatorOverflowError, CalibrationError } from './errors.js';
import { Observations } from './correlation.js';
import { fuse } from './fuse.js';
import { chooseInputs } from './input-range.js';
import type { IntegerInput, IntegerModel } from '../integer/integer-model.js';
import { inputIntervals } from '../integer/intervals.js';
import { quantizedLayerOf } from './layers/index.js';
import { IntegerModelBuilder } from './integer-model-builder.js';
import { CutPlan } from './plan.js';
import { MOST_BITS } from './scale.js';
import {
  gatherStatistics,
  inUnits,
  statisticsFromBounds,
  type ClassStatistics,
  type FloatEvaluator,
  type TensorStatistics,
} from './statistics.js';
import { settleTies } from './ties.js';
import { takeUnits, type InUnits } from './units.js';
import type { Intervals } from '../tensor/intervals.js';

export interface QuantizeOptions {
  /** Bits of a requantized activation. 2 to 16. */
  readonly activationBits: number;
  /** Bits of an input, 2 to 16; where none are given, those of an activation, or more where the network needs them. */
  readonly inputBits?: number;
  /** Calibration samples in the model's own units, each one flat array per graph input. May be empty. */
  readonly samples: readonly (readonly Float64Array[])[];
  /** Declared real range of every input element; overrides what the samples show. */
  readonly inputRange?: readonly [number, number];
  /** By tensor: bits that a rectifier's or a clip's result has beyond the others (`spreadOfBits`); 0 where absent. */
  readonly spread?: ReadonlyMap<string, number>;
  /** Makes the float evaluator of a graph. */
  readonly evaluator: (graph: Graph) => FloatEvaluator;
}

/** Share of the work that calibration is, about. */
const CALIBRATED = 0.5;

/** @throws CalibrationError, AccumulatorOverflowError */
export function quantize(graph: Graph, options: QuantizeOptions): IntegerModel {
  return atOnce(quantizing(graph, options));
}

/** {@link quantize}, layer by layer. */
export function* quantizing(graph: Graph, options: QuantizeOptions): Stepwise<IntegerModel> {
  const { activationBits, inputBits, samples } = options;
  if (!Number.isInteger(activationBits) || activationBits < 2 || activationBits > 16) {
    throw new CalibrationError(`activation bits must be a whole number from 2 to 16, not ${activationBits}`);
  }
  if (inputBits !== undefined && (!Number.isInteger(inputBits) || inputBits < 2 || inputBits > MOST_BITS))
    throw new CalibrationError(`input bits must be a whole number from 2 to 16, not ${inputBits}`);
  const fused = fuse(graph);
  const units = new UnitClasses(fused);
  const evaluate = options.evaluator(fused);
  const declared = { range: options.inputRange, bits: inputBits };
  const choice = chooseInputs(fused, activationBits, samples, declared, { units, evaluate });
  const notes = [...graph.notes, ...choice.notes];
  if (samples.length === 0)
    notes.push('no calibration data: scales come from worst-case interval bounds and are coarser than the data needs');
  const rows = new Set(fused.outputs.filter(({ shape }) => isScoreVector(shape)).map(({ tensor }) => tensor));
  const observed = new Observations(fused, samples.length);
  const known =
    samples.length > 0
      ? yield* between(
          gatherStatistics(evaluate, samples, units, rows, (tensors) => observed.add(tensors)),
          0,
          CALIBRATED,
        )
      : statisticsFromBounds(boundGraph(fused, choice.inputs.map(realIntervals)), units, rows);
  checkFinite(known);
  const settled = settleTies(fused, choice.inputs, samples);
  const taken = takeUnits(settled, known, { inputs: choice.inputs, bits: activationBits });
  const lowering = yield* between(lowered(taken, observed, activationBits, options.spread), CALIBRATED, 1);
  const outputs = fused.outputs.map((output) => {
    const tensor = lowering.tensor(output.tensor);
    const { name, shape, omitted } = output;
    return { name, tensor: tensor.id, shape, scale: tensor.scale[0], ...(omitted ? { omitted: omitted.op } : {}) };
  });
  const layers = fused.nodes.map(({ name, source, shape, op }) => ({
    name,
    op: source,
    shape,
    ...(op === 'round' ? { saturates: true as const } : {}),
  }));
  return { activationBits, inputs: choice.inputs, ops: lowering.ops, outputs, layers, notes };
}

/**
 * Every layer lowered. Where that would leave exact arithmetic: with accumulators no finer than their own ranges ask
 * for, and with one step for all outputs of a row rather than one for its smallest.
 */
function* lowered(
  { graph, statistics, inputs, unitOf }: InUnits,
  observed: Observations,
  bits: number,
  spread: QuantizeOptions['spread'],
): Stepwise<IntegerModelBuilder> {
  const lower = function* (
    known: ReadonlyMap<string, TensorStatistics>,
    asksReaders: boolean,
  ): Stepwise<IntegerModelBuilder> {
    const lowering = new IntegerModelBuilder(
      new CutPlan(graph, known, bits, spread, asksReaders),
      inputs,
      known,
      ({ output, inputs: [read] }, scale) => observed.correlations(output, (i) => unitOf(read, i) * scale),
    );
    for (const [i, node] of graph.nodes.entries()) {
      yield i / graph.nodes.length;
      lowering.enter(node);
      quantizedLayerOf(node).lower(node, lowering);
    }
    return lowering;
  };
  const shared = new Map([...statistics].map(([name, { leastRange: _, ...others }]) => [name, others]));
  const ways = [() => lower(statistics, true), () => lower(statistics, false)];
  for (const way of ways) {
    try {
      return yield* way();
    } catch (error) {
      if (!(error instanceof AccumulatorOverflowError)) throw error;
    }
  }
  return yield* lower(shared, false);
}

function realIntervals(input: IntegerInput): Intervals {
  const { low, high } = inputIntervals(input);
  const scale = (i: number): number => input.scale[input.scale.length === 1 ? 0 : i];
  return { low: low.map((value, i) => value * scale(i)), high: high.map((value, i) => value * scale(i)) };
}

function checkFinite(statistics: ReadonlyMap<string, ClassStatistics>): void {
  for (const [name, entry] of statistics) {
    const { min, max, meanSquare } = inUnits(entry, () => 1);
    if (![min, max, meanSquare].every(Number.isFinite)) {
      throw new CalibrationError(
        `tensor '${name}' takes values that are not finite, or whose squares are not, on the calibration data or over the declared range; ` +
          'check both for NaN and extreme values',
      );
    }
  }
}
