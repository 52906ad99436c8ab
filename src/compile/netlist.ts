/**
 * The circuit as the compiler builds it, before gadgets are replaced by their compiled constraints: values, and the
 * steps that make them. A value is a number below 2^53 or a field element that linear combinations may refer to: a
 * graph input, a gadget's output, or a combination given a wire of its own. The linker turns a netlist and the gadgets'
 * objects into one constraint system.
 *
 * The trap: a gadget's inner wires are not values; nothing but the gadget may speak of them.
 */
import { constraintsOf, gadgetKey, gadgetOf, type GadgetSpec } from '../gadgets/index.js';
import { boundOp, reachOp } from '../integer/semantics.js';
import { leastOf, mostOf } from '../tensor/extremes.js';
import { sizeOf } from '../tensor/shape.js';
import {
  addDistinctRow,
  addRow,
  addLayerValues,
  isOfOneChannel,
  Merger,
  windowsOf,
  workOf,
  type LinearLayer,
  type LinearLayers,
  type LinearOp,
  type Terms,
} from './linear-layer.js';
import { rowCount, singleValues, termsOf, type LinearRows } from './linear-rows.js';
import { NetlistSteps, WIRE, type Operand } from './steps.js';

export interface Netlist {
  readonly valueCount: number;
  /** Layers that are not written out; rows and combinations may speak of their values. */
  readonly linear: LinearLayers;
  readonly gadgets: readonly GadgetSpec[];
  readonly steps: NetlistSteps;
  /** Values that become the public outputs, the public inputs and the private inputs, in this order of wires. */
  readonly publicOutputs: readonly number[];
  readonly publicInputs: readonly number[];
  readonly privateInputs: readonly number[];
  readonly layers: readonly string[];
  /** The model's outputs as rows of values, all outputs one after the other, whatever is public of them. */
  readonly results: LinearRows;
  /** By value: the largest magnitude it can have; NaN for field elements. */
  readonly magnitudes: Float64Array;
  /** Copies of another netlist that share this one's border: see `copies.ts`. */
  readonly copies?: NetlistCopies;
}

/** A netlist that stands in the circuit many times, over wires of its own each time. */
export interface NetlistCopies {
  readonly count: number;
  /** Its public outputs are the copy's results, its private inputs the copy's codes; it has no public input. */
  readonly body: Netlist;
  /** The first of the values that are the copies' results, those of one copy after those of the other. */
  readonly firstResult: number;
  /** How many of the border's layers come before the copies', in reports. */
  readonly layersBefore: number;
}

/** All gadgets of a netlist, those of its copies among them. */
export function gadgetsOf({ gadgets, copies }: Netlist): readonly GadgetSpec[] {
  return copies === undefined ? gadgets : [...gadgets, ...gadgetsOf(copies.body)];
}

/**
 * Constraints of the circuit that the linker makes of a netlist, by the gadgets' own counts: no gadget is compiled for
 * it.
 */
export function countConstraints({ gadgets, steps, copies }: Netlist): number {
  const counts = gadgets.map(constraintsOf);
  let sum = 0;
  for (let index = 0; index < steps.length; index += 1) {
    const gadget = steps.gadgetOf(index);
    sum += gadget === WIRE ? 1 : counts[gadget];
  }
  if (copies !== undefined) sum += copies.count * countConstraints(copies.body);
  return sum;
}

/** A layer that reads channels whose elements have different intervals. */
const NONE_ALIKE = new Map<string, [number, number]>();

export class NetlistBuilder {
  readonly steps = new NetlistSteps();
  readonly gadgets: GadgetSpec[] = [];
  readonly layers: string[] = [];
  readonly publicOutputs: number[] = [];
  readonly publicInputs: number[] = [];
  readonly privateInputs: number[] = [];
  private readonly gadgetIndex = new Map<string, number>();
  private latest?: { readonly spec: GadgetSpec; readonly number: number };
  private low = new Float64Array(1024);
  private high = new Float64Array(1024);
  private readonly linearLayers: LinearLayer[] = [];
  private linear: LinearLayers = { layers: this.linearLayers, layerOf: new Int32Array(0) };
  private readonly merger = new Merger();
  /** By layer and by how two windows lie: the interval of the difference of their values. */
  private readonly windowDifferences = new Map<LinearLayer, Map<string, [number, number]>>();
  valueCount = 0;

  enter(layer: string): void {
    this.layers.push(layer);
  }

  /** A new value; its integer interval is known unless it is a field element. */
  value(low = NaN, high = NaN): number {
    if (this.valueCount === this.low.length) {
      const grow = (old: Float64Array): Float64Array<ArrayBuffer> => {
        const grown = new Float64Array(2 * old.length);
        grown.set(old);
        return grown;
      };
      this.low = grow(this.low);
      this.high = grow(this.high);
    }
    this.low[this.valueCount] = low;
    this.high[this.valueCount] = high;
    this.valueCount += 1;
    return this.valueCount - 1;
  }

  /** An instance of a gadget with one output; returns the output's value. */
  instance(spec: GadgetSpec, operands: readonly Operand[], low = NaN, high = NaN): number {
    const firstValue = this.value(low, high);
    this.steps.push({ gadget: this.gadgetNumber(spec), operands, firstValue, layer: this.layers.length - 1 });
    return firstValue;
  }

  /**
   * An instance of a gadget with one output for each interval given; returns the first output's value, the others
   * follow it.
   */
  instanceOfMany(
    spec: GadgetSpec,
    operands: readonly Operand[],
    intervals: readonly (readonly [number, number])[],
  ): number {
    if (gadgetOf(spec).outputs(spec) !== intervals.length)
      throw new Error(`${gadgetKey(spec)} has not ${intervals.length} outputs`);
    const firstValue = this.valueCount;
    for (const [low, high] of intervals) this.value(low, high);
    this.steps.push({ gadget: this.gadgetNumber(spec), operands, firstValue, layer: this.layers.length - 1 });
    return firstValue;
  }

  /** An instance of a gadget without outputs: it only constrains. */
  check(spec: GadgetSpec, operands: readonly Operand[]): void {
    this.steps.push({
      gadget: this.gadgetNumber(spec),
      operands,
      firstValue: this.valueCount,
      layer: this.layers.length - 1,
    });
  }

  /** Defines a value declared before (a public output) as the output of a gadget. */
  assignInstance(value: number, spec: GadgetSpec, operands: readonly Operand[]): void {
    this.steps.push({ gadget: this.gadgetNumber(spec), operands, firstValue: value, layer: this.layers.length - 1 });
  }

  /** Defines a value declared before (a public output) as a combination. */
  assign(value: number, operand: Operand): void {
    this.steps.push({ gadget: WIRE, operands: [operand], firstValue: value, layer: this.layers.length - 1 });
  }

  /** Gives a combination a wire of its own. */
  wire(operand: Operand, low = NaN, high = NaN): number {
    const firstValue = this.value(low, high);
    this.steps.push({ gadget: WIRE, operands: [operand], firstValue, layer: this.layers.length - 1 });
    return firstValue;
  }

  /**
   * The rows of a dense or convolution layer over these rows, as values of a layer that is not written out; undefined
   * where the layer is too small to be worth it, or where the witness could not sum its terms exactly.
   */
  linearLayer(op: LinearOp, position: number, x: LinearRows, leastWork: number): LinearRows | undefined {
    if (workOf(op) < leastWork || !this.isExact(op, x)) return undefined;
    const count = sizeOf(op.shape);
    const isIndependent = this.areIndependent(x);
    const isSingle =
      x.values.length === rowCount(x) &&
      x.coefficients.every((coefficient, i) => coefficient === 1 && x.offsets[i] === i);
    const [least, most] = [leastOf(x.values), mostOf(x.values)];
    const layer = {
      op,
      position,
      x,
      plain: isIndependent && isSingle,
      least,
      most,
      first: this.valueCount,
      count,
      stepsBefore: this.steps.length,
    };
    const independent = isIndependent ? this.boundLayer(layer) : undefined;
    for (let i = 0; i < count; i += 1) this.value(independent?.low[i], independent?.high[i]);
    const layerOf = new Int32Array(this.valueCount).fill(-1);
    layerOf.set(this.linear.layerOf);
    layerOf.fill(this.linearLayers.push(layer) - 1, layer.first);
    this.linear = { layers: this.linearLayers, layerOf };
    const rows = singleValues(layer.first, count, () => 0);
    for (let i = 0; independent === undefined && i < count; i += 1) {
      [this.low[layer.first + i], this.high[layer.first + i]] = this.writtenInterval(rows, i);
    }
    return rows;
  }

  /** Whether the layer's terms add up to less than 2^53, whatever the signs. */
  private isExact(op: LinearOp, x: LinearRows): boolean {
    const reach = new Float64Array(rowCount(x)).map((_, i) => {
      let sum = Math.abs(x.constants[i]);
      for (let k = x.offsets[i]; k < x.offsets[i + 1]; k += 1)
        sum += Math.abs(x.coefficients[k]) * this.magnitude(x.values[k]);
      return sum;
    });
    return reachOp(op, [{ low: reach, high: reach }]) <= Number.MAX_SAFE_INTEGER;
  }

  /**
   * Whether no two rows share a value, so that what is known of each row says all that can be known of their
   * combinations.
   */
  private areIndependent({ values }: LinearRows): boolean {
    return values.every((value) => !this.isLinear(value)) && new Set(values).size === values.length;
  }

  private boundLayer({ op, x }: LinearLayer): { readonly low: Float64Array; readonly high: Float64Array } {
    const [low, high] = [new Float64Array(rowCount(x)), new Float64Array(rowCount(x))];
    for (let i = 0; i < low.length; i += 1) [low[i], high[i]] = this.interval(x, i);
    return boundOp(op, [{ low, high }]);
  }

  private isLinear(value: number): boolean {
    return this.layerOf(value) !== undefined;
  }

  /** The layer whose value it is, if it is one's. */
  private layerOf(value: number): LinearLayer | undefined {
    const { layers, layerOf } = this.linear;
    return value < layerOf.length && layerOf[value] >= 0 ? layers[layerOf[value]] : undefined;
  }

  /** Number of terms of a row once values of layers are replaced. */
  termCount(rows: LinearRows, i: number): number {
    if (!this.speaksOfLayers(rows, i)) return termsOf(rows, i);
    const { coefficients, length } = this.merged((terms) => addRow(terms, rows, i, 1, this.linear));
    let count = 0;
    for (let k = 0; k < length; k += 1) if (coefficients[k] !== 0) count += 1;
    return count;
  }

  /** Row i without its constant, values of layers replaced: equal texts are equal combinations. And that constant. */
  combination(rows: LinearRows, i: number): { readonly text: string; readonly constant: number } {
    const { values, coefficients, length, constant } = this.merged((terms) => addRow(terms, rows, i, 1, this.linear));
    const terms = Array.from({ length }, (_, k): [number, number] => [values[k], coefficients[k]]);
    const text = terms
      .filter(([, coefficient]) => coefficient !== 0)
      .sort(([one], [two]) => one - two)
      .join(' ');
    return { text, constant };
  }

  private speaksOfLayers(rows: LinearRows, i: number): boolean {
    if (this.linearLayers.length === 0) return false;
    for (let k = rows.offsets[i]; k < rows.offsets[i + 1]; k += 1) if (this.isLinear(rows.values[k])) return true;
    return false;
  }

  /** Interval of a row, from the intervals of its values; what terms share cancels. */
  interval(rows: LinearRows, i: number): [number, number] {
    if (termsOf(rows, i) > 1 && this.speaksOfLayers(rows, i)) return this.writtenInterval(rows, i);
    let low = rows.constants[i];
    let high = low;
    for (let k = rows.offsets[i]; k < rows.offsets[i + 1]; k += 1) {
      const coefficient = rows.coefficients[k];
      const value = rows.values[k];
      low += coefficient * (coefficient > 0 ? this.low[value] : this.high[value]);
      high += coefficient * (coefficient > 0 ? this.high[value] : this.low[value]);
    }
    return [low, high];
  }

  /** Interval of a row once values of layers are replaced. */
  private writtenInterval(rows: LinearRows, i: number): [number, number] {
    return this.intervalOf(this.merged((terms) => addRow(terms, rows, i, 1, this.linear)));
  }

  /** Interval of row i minus row j, in which what they share cancels. */
  differenceInterval(rows: LinearRows, i: number, j: number): [number, number] {
    const [first, second] = [rows.offsets[i], rows.offsets[j]];
    if (this.linearLayers.length > 0 && termsOf(rows, i) === 1 && termsOf(rows, j) === 1) {
      const known =
        rows.coefficients[first] === 1 && rows.coefficients[second] === 1
          ? this.windowDifference(rows.values[first], rows.values[second])
          : undefined;
      const shift = rows.constants[i] - rows.constants[j];
      if (known !== undefined) return [known[0] + shift, known[1] + shift];
      const difference: LinearRows = {
        offsets: Uint32Array.of(0, 2),
        values: Uint32Array.of(rows.values[first], rows.values[second]),
        coefficients: Float64Array.of(rows.coefficients[first], -rows.coefficients[second]),
        constants: Float64Array.of(rows.constants[i] - rows.constants[j]),
      };
      const { terms } = this.merger;
      terms.clear();
      if (addDistinctRow(terms, difference, 0, this.linear)) return this.intervalOf(terms);
    }
    return this.intervalOf(
      this.merged((terms) => {
        addRow(terms, rows, i, 1, this.linear);
        addRow(terms, rows, j, -1, this.linear);
      }),
    );
  }

  /**
   * Interval of the difference of two values of one channel of a convolution: bounded once for all positions of the
   * channel where the windows lie alike. Undefined where that is not what they are, or where elements of a channel
   * that the layer reads have different intervals.
   */
  private windowDifference(value: number, other: number): readonly [number, number] | undefined {
    const [layer, second] = [this.layerOf(value), this.layerOf(other)];
    if (layer === undefined || second === undefined || !isOfOneChannel(layer, second, value, other)) return undefined;
    const windows = windowsOf(layer, value, other);
    if (windows === undefined) return undefined;
    let known = this.windowDifferences.get(layer);
    if (known === undefined) {
      known = this.isAlikeInChannels(layer.x, windows.channels.plane)
        ? new Map<string, [number, number]>()
        : NONE_ALIKE;
      this.windowDifferences.set(layer, known);
    }
    if (known === NONE_ALIKE) return undefined;
    const { shape } = windows;
    let interval = known.get(shape);
    if (interval === undefined) {
      const { terms } = this.merger;
      terms.clear();
      addLayerValues(terms, { layer, value, factor: 1, other: { value: other, factor: -1 } });
      interval = this.intervalOf(terms);
      known.set(shape, interval);
    }
    return interval;
  }

  /** Whether rows of one value each, planes of channels one after the other, have one interval in each plane. */
  private isAlikeInChannels({ values, constants }: LinearRows, plane: number): boolean {
    return values.every((value, i) => {
      const first = i - (i % plane);
      return (
        this.low[value] === this.low[values[first]] &&
        this.high[value] === this.high[values[first]] &&
        constants[i] === constants[first]
      );
    });
  }

  private merged(add: (terms: Terms) => void): Terms {
    this.merger.terms.clear();
    add(this.merger.terms);
    return this.merger.merge(this.valueCount);
  }

  private intervalOf({ values, coefficients, length, constant }: Terms): [number, number] {
    let low = constant;
    let high = constant;
    for (let k = 0; k < length; k += 1) {
      const coefficient = coefficients[k];
      low += coefficient * (coefficient > 0 ? this.low[values[k]] : this.high[values[k]]);
      high += coefficient * (coefficient > 0 ? this.high[values[k]] : this.low[values[k]]);
    }
    return [low, high];
  }

  finish(results: LinearRows): Netlist {
    const { valueCount, linear, gadgets, steps, publicOutputs, publicInputs, privateInputs, layers } = this;
    return {
      valueCount,
      linear,
      gadgets,
      steps,
      publicOutputs,
      publicInputs,
      privateInputs,
      layers,
      results,
      magnitudes: this.magnitudes(),
    };
  }

  private magnitudes(): Float64Array {
    return new Float64Array(this.valueCount).map((_, value) => this.magnitude(value));
  }

  private magnitude(value: number): number {
    return Math.max(Math.abs(this.low[value]), Math.abs(this.high[value]));
  }

  private gadgetNumber(spec: GadgetSpec): number {
    // The key of a table is as long as the table, and all elements of a layer share one spec.
    if (this.latest?.spec !== spec) this.latest = { spec, number: this.numberByKey(spec) };
    return this.latest.number;
  }

  private numberByKey(spec: GadgetSpec): number {
    const key = gadgetKey(spec);
    const known = this.gadgetIndex.get(key);
    if (known !== undefined) return known;
    this.gadgets.push(spec);
    this.gadgetIndex.set(key, this.gadgets.length - 1);
    return this.gadgets.length - 1;
  }
}
