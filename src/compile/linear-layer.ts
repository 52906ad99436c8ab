/**
 * A large dense or convolution layer as it is, not written out row by row: its result has values that no step makes and
 * no wire carries, each standing for a row of the layer over its input's rows. What reads such a value reads a short
 * row; where constraints or exact intervals are wanted, the value is replaced by its terms, one row at a time, so that
 * the terms of a whole layer never stand in memory.
 *
 * The trap: the row of such a value may hold other such values (a 1x1 convolution over a few), so replacing goes on
 * until none is left.
 */
import type { IntegerConv, IntegerDense } from '../integer/integer-model.js';
import { planOf } from '../integer/layers/conv.js';
import { sizeOf } from '../tensor/shape.js';
import { widen } from '../tensor/weights.js';
import type { LinearRows } from './linear-rows.js';

export type LinearOp = IntegerDense | IntegerConv;

export interface LinearLayer {
  readonly op: LinearOp;
  /** Its position among the model's ops. */
  readonly position: number;
  /** Rows of its input, each of a few terms. */
  readonly x: LinearRows;
  /**
   * Whether each of these rows is one value with the coefficient 1, and no two are the same: the usual case, after a
   * requantization.
   */
  readonly plain: boolean;
  /** Least and greatest of the values that these rows speak of. */
  readonly least: number;
  readonly most: number;
  /** Its values: `first` + i is element i of its result. */
  readonly first: number;
  readonly count: number;
  /** Steps made before it; it reads nothing that a later step makes. */
  readonly stepsBefore: number;
}

/** Terms of one combination, one after the other; a value may stand there more than once. */
export class Terms {
  /** Terms that stand before term `at`, as another row of the circuit has them, over wires `shift` further. */
  moved?: MovedTerms;
  values = new Uint32Array(1024);
  coefficients = new Float64Array(1024);
  length = 0;
  constant = 0;
  /**
   * Of the layer's weight rows the one last used, as doubles: neighbouring elements share it, and loops over one type
   * are fast.
   */
  private row = new Float64Array(0);
  private rowOf?: { readonly op: LinearOp; readonly number: number };

  /** Row `number` of a layer's weights. The array is this one's own, and good until the next call. */
  weightRow(op: LinearOp, number: number, length: number): Float64Array {
    if (this.rowOf?.op === op && this.rowOf.number === number) return this.row;
    if (this.row.length < length) this.row = new Float64Array(length);
    widen(op.weight, number * length, length, 'all', this.row);
    this.rowOf = { op, number };
    return this.row;
  }

  clear(): void {
    this.length = 0;
    this.constant = 0;
    this.moved = undefined;
  }

  push(value: number, coefficient: number): void {
    if (this.length === this.values.length) this.grow();
    this.values[this.length] = value;
    this.coefficients[this.length] = coefficient;
    this.length += 1;
  }

  /** Makes room for so many terms more. */
  reserve(count: number): void {
    if (this.length + count > this.values.length) this.grow(this.length + count);
  }

  private grow(least = 0): void {
    const capacity = Math.max(least, 2 * this.values.length);
    const [values, coefficients] = [new Uint32Array(capacity), new Float64Array(capacity)];
    values.set(this.values);
    coefficients.set(this.coefficients);
    [this.values, this.coefficients] = [values, coefficients];
  }
}

/** Terms of a row as constraints have them. */
export interface RowTerms {
  readonly wires: Uint32Array;
  /** Of their coefficients. */
  readonly ids: Uint32Array;
}

export interface MovedTerms extends RowTerms {
  readonly at: number;
  readonly shift: number;
}

/** One value of a layer or two, each plus or minus. */
export interface LayerValues {
  readonly layer: LinearLayer;
  readonly value: number;
  readonly factor: number;
  readonly other?: { readonly value: number; readonly factor: number };
}

/** The layers of a netlist that are not written out, and whose values are which. */
export interface LinearLayers {
  readonly layers: readonly LinearLayer[];
  /** By value: the position in `layers` of the layer whose value it is, or -1. Values beyond its end are no layer's. */
  readonly layerOf: Int32Array;
}

/** Adds factor * (row i of `rows`) to the terms, values of layers replaced by what they stand for. */
export function addRow(into: Terms, rows: LinearRows, i: number, factor: number, linear: LinearLayers): void {
  into.constant += factor * rows.constants[i];
  const { layerOf } = linear;
  for (let k = rows.offsets[i]; k < rows.offsets[i + 1]; k += 1) {
    const value = rows.values[k];
    if (value < layerOf.length && layerOf[value] >= 0) addValue(into, value, factor * rows.coefficients[k], linear);
    else into.push(value, factor * rows.coefficients[k]);
  }
}

/** Adds factor * value to the terms, replaced by what it stands for where it is a layer's. */
export function addValue(into: Terms, value: number, factor: number, linear: LinearLayers): void {
  const number = value < linear.layerOf.length ? linear.layerOf[value] : -1;
  if (number < 0) {
    into.push(value, factor);
    return;
  }
  const layer = linear.layers[number];
  addElement(into, layer, value - layer.first, factor, linear);
}

/** Adds factor * element i of a layer's result. */
function addElement(into: Terms, layer: LinearLayer, i: number, factor: number, linear: LinearLayers): void {
  if (layer.op.kind === 'dense') addDenseRow(into, layer.op, layer, i, factor, linear);
  else addConvRow(into, layer.op, layer, i, factor, linear);
}

/**
 * Adds a row to the terms, each value once, as merging would have it; false, and nothing added, where that is not
 * easily seen. The usual rows of large layers: one value of a layer over plain rows, or the difference of two of one
 * channel (a comparison of a max pooling), beside values that this layer does not read. `addOfLayer` adds those of the
 * layer's values.
 */
export function addDistinctRow(
  into: Terms,
  rows: LinearRows,
  i: number,
  linear: LinearLayers,
  addOfLayer: (into: Terms, values: LayerValues) => void = addLayerValues,
): boolean {
  const [start, end] = [rows.offsets[i], rows.offsets[i + 1]];
  const { layerOf } = linear;
  const layerAt = (k: number): number => (k < end && rows.values[k] < layerOf.length ? layerOf[rows.values[k]] : -1);
  let first = start;
  while (first < end && layerAt(first) < 0) first += 1;
  if (first === end) return false;
  const layer = linear.layers[layerAt(first)];
  const isPair = layerAt(first + 1) >= 0;
  const last = isPair ? first + 1 : first;
  if (
    !layer.plain ||
    (isPair && !isOfOneChannel(layer, linear.layers[layerAt(last)], rows.values[first], rows.values[last]))
  )
    return false;
  for (let k = start; k < end; k += 1) {
    const isLayers = k >= first && k <= last;
    const mayBeRead = layerAt(k) >= 0 || (rows.values[k] >= layer.least && rows.values[k] <= layer.most);
    if (isLayers ? Math.abs(rows.coefficients[k]) !== 1 : mayBeRead) return false;
  }
  into.constant += rows.constants[i];
  for (let k = start; k < first; k += 1) into.push(rows.values[k], rows.coefficients[k]);
  addOfLayer(into, {
    layer,
    value: rows.values[first],
    factor: rows.coefficients[first],
    ...(isPair ? { other: { value: rows.values[last], factor: rows.coefficients[last] } } : {}),
  });
  for (let k = last + 1; k < end; k += 1) into.push(rows.values[k], rows.coefficients[k]);
  return true;
}

/** Adds what values of a layer over plain rows stand for, two of them only of one channel of a convolution. */
export function addLayerValues(into: Terms, { layer, value, factor, other }: LayerValues): void {
  const { op, first } = layer;
  if (other === undefined) addElement(into, layer, value - first, factor, NO_LAYERS);
  else addConvPair(into, op as IntegerConv, layer, value - first, factor, other.value - first, other.factor);
}

/** Plain rows speak of no layer. */
const NO_LAYERS: LinearLayers = { layers: [], layerOf: new Int32Array(0) };

/**
 * Whether two values are elements of one channel of one convolution: they have the same weights, over windows that may
 * overlap.
 */
export function isOfOneChannel(a: LinearLayer, b: LinearLayer, i: number, j: number): boolean {
  if (a !== b || a.op.kind !== 'conv') return false;
  const outPlane = sizeOf(planOf(a.op).outputShape.slice(2));
  return Math.floor((i - a.first) / outPlane) === Math.floor((j - a.first) / outPlane);
}

/**
 * Where the windows of one value or of two values of a convolution's channel lie. Undefined where the layer is no
 * convolution over plain rows, or a window lies in the padding alone.
 */
export function windowsOf(layer: LinearLayer, value: number, other?: number): Windows | undefined {
  if (!layer.plain || layer.op.kind !== 'conv') return undefined;
  const { o, channels, positions } = placeOf(layer.op, value - layer.first);
  const anchor = firstInside(positions);
  if (anchor === undefined) return undefined;
  const windows = { channels, channel: o, anchor: channels.from + anchor };
  const shape = `${channels.from} ${o} ${inside(positions)}`;
  if (other === undefined) return { ...windows, shape };
  const { positions: others } = placeOf(layer.op, other - layer.first);
  const second = firstInside(others);
  if (second === undefined) return undefined;
  return { ...windows, shape: `${shape} ${inside(others)} ${second - anchor}` };
}

export interface Windows {
  readonly channels: Channels;
  /** Number of the filter. */
  readonly channel: number;
  /** The first element of x in the first window that is not padding. */
  readonly anchor: number;
  /**
   * Windows of one shape take the same weights in the same way from the same channels, of elements that are as far from
   * the anchor.
   */
  readonly shape: string;
}

const firstInside = (positions: Int32Array): number | undefined => positions.find((position) => position >= 0);

function inside(positions: Int32Array): string {
  let text = '';
  for (const position of positions) text += position < 0 ? '-' : '+';
  return text;
}

/**
 * Adds factor * element i + other * element j, both of one channel of a convolution over plain rows, each value once.
 */
function addConvPair(
  into: Terms,
  op: IntegerConv,
  { x }: LinearLayer,
  i: number,
  factor: number,
  j: number,
  other: number,
): void {
  const { o, channels, positions: mine } = placeOf(op, i);
  const { positions: others } = placeOf(op, j);
  const kernel = mine.length;
  const weight = into.weightRow(op, o, channels.count * kernel);
  into.reserve(2 * channels.count * kernel);
  // First all that element i has, then what element j alone has, as one row after the other would be read.
  addTaps(
    into,
    x,
    weight,
    { positions: mine, matches: matchesOf(mine, others), factor, other, alone: false },
    channels,
  );
  addTaps(
    into,
    x,
    weight,
    { positions: others, matches: matchesOf(others, mine), factor: other, other: factor, alone: true },
    channels,
  );
  into.constant += (factor + other) * op.bias[o];
}

/** For each position, where it stands among the others, or -1. */
function matchesOf(positions: Int32Array, others: Int32Array): Int32Array {
  return positions.map((position) => (position < 0 ? -1 : others.indexOf(position)));
}

/** Elements of a filter over a window. */
interface FilterTaps {
  /** By element of the filter: the position in a channel's plane, or -1 in the padding. */
  readonly positions: Int32Array;
  /** By element of the filter: the element of the other window's filter over the same position, or -1. */
  readonly matches: Int32Array;
  readonly factor: number;
  readonly other: number;
  /** Takes only what the other window has no term for; else what both have is added up. */
  readonly alone: boolean;
}

/** The channels of x that a filter reads: so many planes of so many elements, from this element on. */
export interface Channels {
  readonly count: number;
  readonly from: number;
  readonly plane: number;
}

/** Where element i of a convolution comes from: its filter, the channels that this reads, and the positions in each. */
function placeOf(
  op: IntegerConv,
  i: number,
): { readonly o: number; readonly channels: Channels; readonly positions: Int32Array } {
  const { window, outputShape } = planOf(op);
  const [, inChannels] = op.inputShape;
  const [outChannels, count] = op.weightShape;
  const plane = sizeOf(op.inputShape.slice(2));
  const outPlane = sizeOf(outputShape.slice(2));
  const kernel = window.length / outPlane;
  const p = i % outPlane;
  const channel = Math.floor(i / outPlane);
  const o = channel % outChannels;
  const firstChannel =
    Math.floor(channel / outChannels) * inChannels + Math.floor(o / (outChannels / op.groups)) * count;
  return {
    o,
    channels: { count, from: firstChannel * plane, plane },
    positions: window.subarray(p * kernel, (p + 1) * kernel),
  };
}

/** Terms of a filter, channel by channel; its weights stand at the front of `weight`. Room for them is there. */
function addTaps(
  into: Terms,
  x: LinearRows,
  weight: Float64Array,
  taps: FilterTaps,
  { count, from, plane }: Channels,
): void {
  const { positions, matches, factor, other, alone } = taps;
  const { values, coefficients } = into;
  const { values: xValues, constants: xConstants } = x;
  const kernel = positions.length;
  let { length, constant } = into;
  for (let c = 0, at = 0, start = from; c < count; c += 1, at += kernel, start += plane) {
    for (let k = 0; k < kernel; k += 1) {
      if (positions[k] < 0) continue;
      const own = weight[at + k];
      const match = matches[k] < 0 ? 0 : weight[at + matches[k]];
      // What has no weight stands in no row, and leaves the value to the other window.
      if (own === 0 || (alone && match !== 0)) continue;
      const coefficient = factor * own + other * match;
      if (coefficient === 0) continue;
      const element = start + positions[k];
      values[length] = xValues[element];
      coefficients[length] = coefficient;
      length += 1;
      constant += coefficient * xConstants[element];
    }
  }
  into.length = length;
  into.constant = constant;
}

/** Terms of a filter over one window, as `addTaps` has them. Room for them is there. */
function addWindow(
  into: Terms,
  x: LinearRows,
  weight: Float64Array,
  positions: Int32Array,
  factor: number,
  { count, from, plane }: Channels,
): void {
  const taps = Int32Array.from(positions.keys()).filter((tap) => positions[tap] >= 0);
  const places = taps.map((tap) => positions[tap]);
  const { values, coefficients } = into;
  const { values: xValues, constants: xConstants } = x;
  let { length, constant } = into;
  for (let c = 0, at = 0, start = from; c < count; c += 1, at += positions.length, start += plane) {
    for (let k = 0; k < taps.length; k += 1) {
      const coefficient = factor * weight[at + taps[k]];
      if (coefficient === 0) continue;
      const element = start + places[k];
      values[length] = xValues[element];
      coefficients[length] = coefficient;
      length += 1;
      constant += coefficient * xConstants[element];
    }
  }
  into.length = length;
  into.constant = constant;
}

/** The one tap of a dense layer, whose features are channels of one element. */
const FIRST = Int32Array.of(0);

function addDenseRow(
  into: Terms,
  op: IntegerDense,
  { x, plain }: LinearLayer,
  i: number,
  factor: number,
  linear: LinearLayers,
): void {
  const { inFeatures, outFeatures, weight, bias } = op;
  const o = i % outFeatures;
  const first = Math.floor(i / outFeatures) * inFeatures;
  if (plain) {
    into.reserve(inFeatures);
    const channels = { count: inFeatures, from: first, plane: 1 };
    addWindow(into, x, into.weightRow(op, o, inFeatures), FIRST, factor, channels);
    into.constant += factor * bias[o];
    return;
  }
  for (let k = 0; k < inFeatures; k += 1) {
    const coefficient = factor * weight[o * inFeatures + k];
    if (coefficient !== 0) addRow(into, x, first + k, coefficient, linear);
  }
  into.constant += factor * bias[o];
}

function addConvRow(
  into: Terms,
  op: IntegerConv,
  { x, plain }: LinearLayer,
  i: number,
  factor: number,
  linear: LinearLayers,
): void {
  const { o, channels, positions } = placeOf(op, i);
  const kernel = positions.length;
  if (plain) {
    into.reserve(channels.count * kernel);
    addWindow(into, x, into.weightRow(op, o, channels.count * kernel), positions, factor, channels);
    into.constant += factor * op.bias[o];
    return;
  }
  for (let c = 0; c < channels.count; c += 1) {
    const from = channels.from + c * channels.plane;
    const weights = (o * channels.count + c) * kernel;
    for (let k = 0; k < kernel; k += 1) {
      const position = positions[k];
      if (position < 0) continue;
      const coefficient = factor * op.weight[weights + k];
      if (coefficient !== 0) addRow(into, x, from + position, coefficient, linear);
    }
  }
  into.constant += factor * op.bias[o];
}

/**
 * Multiplications that a layer takes: how many terms its rows have together, those that are zero or padded counted too.
 */
export function workOf(op: LinearOp): number {
  return op.kind === 'dense' ? op.rows * op.weight.length : sizeOf(op.shape) * sizeOf(op.weightShape.slice(1));
}

/** Memory in which the terms of one combination are merged: an entry for every value. */
export class Merger {
  readonly terms = new Terms();
  private sums = new Float64Array(0);
  /** The combination in which a value was last seen. */
  private seen = new Int32Array(0);
  private round = 0;

  /**
   * Merges the terms in place, in the order of each value's first; terms that cancel stay, with a coefficient of zero.
   */
  merge(valueCount: number): Terms {
    const { terms } = this;
    const { values, coefficients, length } = terms;
    this.reserve(valueCount);
    const { sums, seen } = this;
    const round = (this.round += 1);
    let distinct = 0;
    for (let k = 0; k < length; k += 1) {
      const value = values[k];
      if (seen[value] === round) {
        sums[value] += coefficients[k];
      } else {
        seen[value] = round;
        sums[value] = coefficients[k];
        values[distinct] = value;
        distinct += 1;
      }
    }
    for (let k = 0; k < distinct; k += 1) coefficients[k] = sums[values[k]];
    terms.length = distinct;
    return terms;
  }

  private reserve(valueCount: number): void {
    if (valueCount <= this.sums.length && this.round < 2 ** 31 - 2) return;
    const size = Math.max(1024, 2 * valueCount);
    [this.sums, this.seen, this.round] = [new Float64Array(size), new Int32Array(size), 0];
  }
}
