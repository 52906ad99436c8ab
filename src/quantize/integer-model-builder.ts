/**
 * The integer model while it is being made: the ops so far, each tensor's scale and worst-case interval, and the steps
 * that every layer kind needs: choosing an accumulator's scale from what reads it, cutting a wide tensor back to few
 * bits, giving tensors one common scale.
 *
 * The trap: a tensor of the graph may be read at two precisions; `narrow` makes a second tensor beside the first.
 * Tensors made here have numbers, not names: a name such as `y/narrow` may stand in the ONNX file.
 */
import { leastOf } from '../tensor/extremes.js';
import type { GraphNode } from '../network/graph.js';
import type { Correlation } from './correlation.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import { sizeOf, type Shape } from '../tensor/shape.js';
import { AccumulatorOverflowError, CalibrationError } from './errors.js';
import {
  ACCUMULATOR_LIMIT,
  REACH_LIMIT,
  type IntegerInput,
  type IntegerOp,
  type TensorId,
} from '../integer/integer-model.js';
import { bitsOf, inputIntervals, mostCode, spanOf } from '../integer/intervals.js';
import { Parts, type Part } from './parts.js';
import type { CutPlan } from './plan.js';
import { accumulatorShift, gridFor, NOISE_AT_OUTPUT, NOISE_BEFORE_REQUANTIZE, type Grid, type Term } from './scale.js';
import { boundOp, reachOp } from '../integer/semantics.js';
import type { TensorStatistics } from './statistics.js';

/** A tensor of the integer model while it is being made. */
export interface Quantized {
  readonly id: TensorId;
  /** The tensor of the graph whose values it holds, perhaps in another scale or cut to fewer bits. */
  readonly of: string;
  readonly shape: Shape;
  /** One entry. */
  readonly scale: Float64Array;
  /** Whether its elements, those of an input, have ranges of their own, which may lie far from zero. */
  readonly ranged: boolean;
  readonly bounds: Intervals;
  /** Mean of the integers, over elements and calibration samples; 0 where it is not known. */
  readonly mean: number;
  /** Mean square of the integers, likewise. */
  readonly meanSquare: number;
}

type OpFields<T> = T extends IntegerOp ? Omit<T, 'output' | 'inputs' | 'shape' | 'scale' | 'layer' | 'bounds'> : never;
/** What distinguishes an op from others of its kind: everything but its place in the model. */
export type OpBody = OpFields<IntegerOp>;

/** Constraints that cutting one value costs beyond one per bit. */
const REQUANTIZE_OVERHEAD = 5;
/**
 * Bits of the factor that brings a value to a grid whose ends must be met: enough to err by half a step of eight bits.
 */
const EXACT_FACTOR_BITS = 8;
/** Share of a cut's constraints that bits carried on from it may cost, and bits that it leaves at most. */
const CARRIED_SHARE = 1 / 4;
const MOST_KEPT = 24;
/** Widest values, in bits, that later layers can still take without leaving exact arithmetic. */
const WIDEST = 48;
/** Distance of a tensor from zero, in spans of its integers, from which on a linear layer reads it from its middle. */
const FAR = 64;
/** Share of a tensor's span by which a cut reaches beyond what calibration saw, where it has bits to spare. */
const BEYOND = 1 / 4;
/** Bits beyond an activation's from which on a tensor is not cut for what reads it, as far as it can be left. */
const FINE_BITS = 1;
/** Bits by which a cut of what is known so finely reaches farther than the calibration data did. */
const REACH_BITS = 3;

export class IntegerModelBuilder {
  readonly ops: IntegerOp[] = [];
  private readonly tensors = new Map<string, Quantized>();
  private readonly narrowed = new Map<TensorId, Quantized>();
  private readonly centres = new Map<string, { readonly x: Quantized; readonly middle: Float64Array }>();
  private readonly requantizations = new Map<TensorId, { readonly low: number; readonly bits: number }>();
  private readonly indexes = new Map<string, Quantized>();
  private readonly given: Set<TensorId>;
  /**
   * Inputs of whole numbers, of which any may come that their type holds, however few the calibration data show; and what
   * only moves elements of them.
   */
  private readonly beyond: Set<TensorId>;
  private nextId: TensorId;
  private layer = '';
  private node: GraphNode | undefined;

  readonly bits: number;
  /** Digits of activations, for linear layers that weight them apart. */
  readonly parts: Parts;

  constructor(
    readonly plan: CutPlan,
    inputs: readonly IntegerInput[],
    private readonly statistics: ReadonlyMap<string, TensorStatistics>,
    /** By linear layer, how what it reads goes together, where an integer is worth `scale`. */
    private readonly observed: (layer: GraphNode, scale: number) => readonly Correlation[] | undefined,
  ) {
    this.bits = plan.bits;
    this.nextId = inputs.length;
    this.given = new Set(inputs.map(({ tensor }) => tensor));
    this.beyond = new Set(inputs.flatMap((input) => (input.exact ? [input.tensor] : [])));
    this.parts = new Parts(this, inputs);
    for (const input of inputs) {
      const ranged = input.low.length > 1;
      const meanSquare = ranged
        ? uniformMeanSquare(input)
        : plan.statisticsOf(input.name).meanSquare / input.scale[0] ** 2;
      this.tensors.set(input.name, {
        id: input.tensor,
        of: input.name,
        shape: input.shape,
        scale: input.scale,
        ranged,
        bounds: inputIntervals(input),
        mean: ranged || this.beyond.has(input.tensor) ? 0 : plan.statisticsOf(input.name).mean / input.scale[0],
        meanSquare,
      });
    }
  }

  /** Ops emitted from now on belong to this layer of the network. */
  enter(node: GraphNode): void {
    this.layer = node.name;
    this.node = node;
  }

  tensor(name: string): Quantized {
    return this.tensors.get(name) as Quantized;
  }

  /**
   * Appends an op whose result is the graph tensor `output`. Refused if an accumulator could leave exact arithmetic.
   */
  emit(body: OpBody, inputs: readonly Quantized[], output: string, shape: Shape, scale: number): Quantized {
    const made = this.append(body, inputs, output, shape, scale, this.statistics.get(output));
    this.requireInType(made, output);
    this.tensors.set(output, made);
    return made;
  }

  /**
   * Refuses integers that would wrap around in their type: the circuit's integers do not wrap, and would differ.
   * @throws CalibrationError
   */
  private requireInType({ bounds, scale }: Quantized, output: string): void {
    const type = this.node?.output === output ? this.node.integers : undefined;
    // Only types of 32 bits and more are checked here: the interval of a narrower one may be wider than what it holds.
    if (type === undefined || type[1] < 2 ** 31 - 1 || scale[0] !== 1) return;
    const [low, high] = hull(bounds);
    if (low >= type[0] && high <= type[1]) return;
    throw new CalibrationError(
      `layer '${this.layer}': its integers may reach from ${low} to ${high}, and their type holds ${type[0]} to ${type[1]}, beyond which they would wrap around; ` +
        'declare a narrower --input-range, or cast to int64 before',
    );
  }

  /** Appends an op whose result is a step on the way to the graph tensor `of`. Refused as by {@link emit}. */
  emitStep(body: OpBody, inputs: readonly Quantized[], of: string, shape: Shape, scale: number): Quantized {
    return this.append(body, inputs, of, shape, scale, undefined);
  }

  private append(
    body: OpBody,
    inputs: readonly Quantized[],
    of: string,
    shape: Shape,
    scale: number,
    known: Pick<TensorStatistics, 'mean' | 'meanSquare'> | undefined,
  ): Quantized {
    const id = this.nextId;
    const op = {
      ...body,
      inputs: inputs.map((input) => input.id),
      output: id,
      shape,
      scale,
      layer: this.layer,
    } as IntegerOp;
    const bounds = boundOp(
      op,
      inputs.map((input) => input.bounds),
    );
    const magnitude = magnitudeOf(bounds);
    const reach = reachOp(
      op,
      inputs.map((input) => input.bounds),
    );
    if (!(reach <= REACH_LIMIT)) {
      throw new AccumulatorOverflowError(
        `layer '${this.layer}': the terms of its accumulators add up to ${reach}, over 2^52; declare inputs nearer to zero, or use fewer --activation-bits`,
      );
    }
    if (!(magnitude <= ACCUMULATOR_LIMIT)) {
      throw new AccumulatorOverflowError(
        `layer '${this.layer}': its accumulators reach ${magnitude}, over 2^50; use fewer --activation-bits or calibration data with a wider range`,
      );
    }
    // A step stands for about the reals that its inputs stand for.
    const real = (input: Quantized): number => input.meanSquare * input.scale[0] ** 2;
    const meanSquare =
      (known?.meanSquare ?? inputs.reduce((most, input) => Math.max(most, real(input)), 0)) / scale ** 2;
    const isBeyondToo = body.kind === 'move' && inputs.some((input) => this.beyond.has(input.id));
    const atMean = isBeyondToo ? 0 : known?.mean;
    const mean = (atMean ?? (body.kind === 'requantize' ? inputs[0].mean * inputs[0].scale[0] : 0)) / scale;
    this.nextId += 1;
    this.ops.push({ ...op, bounds });
    if (body.kind === 'requantize') this.requantizations.set(id, body);
    if (isBeyondToo) this.beyond.add(id);
    if (body.kind === 'move' && inputs.every((input) => this.given.has(input.id))) this.given.add(id);
    this.parts.appended(body, inputs, id);
    const ranged = body.kind === 'move' && inputs.some((input) => input.ranged);
    return { id, of, shape, scale: Float64Array.of(scale), ranged, bounds, mean, meanSquare };
  }

  /**
   * What `read` makes of a layer's only input as `operand` gives it, or of a cut copy where the accumulators would grow
   * too large: where they may reach further than `reach` says, a layer with these weights is looked at element by
   * element.
   */
  onOperand<T>(
    node: GraphNode,
    growth: number,
    read: (x: Quantized) => T,
    { reach, body }: { reach(read: T): number; body(read: T): { readonly body: OpBody; readonly x: Quantized } },
  ): T {
    const x = this.tensor(node.inputs[0]);
    const operand = this.operand(x, node, growth);
    const wide = read(operand);
    if (reach(wide) <= ACCUMULATOR_LIMIT) return wide;
    const trial = body(wide);
    if (this.fits(trial.body, trial.x)) return wide;
    const narrow = this.narrow(x);
    return narrow.id === operand.id ? wide : read(narrow);
  }

  /** Whether all sums of an op on x stay in exact arithmetic. */
  private fits(body: OpBody, x: Quantized): boolean {
    const op = { ...body, inputs: [x.id], output: this.nextId, shape: [], scale: 1, layer: this.layer } as IntegerOp;
    return reachOp(op, [x.bounds]) <= REACH_LIMIT && magnitudeOf(boundOp(op, [x.bounds])) <= ACCUMULATOR_LIMIT;
  }

  /** By group of features of a linear layer, how the integers of x that it reads go together, as far as is known. */
  correlations(layer: GraphNode, x: Quantized): readonly Correlation[] | undefined {
    return this.beyond.has(x.id) ? undefined : this.observed(layer, x.scale[0]);
  }

  /** Whether coefficients rounded to multiples of `unit` are as precise as `accumulatorScale` would make them. */
  preciseAt(unit: number, name: string, terms: readonly Term[]): boolean {
    const cut = this.plan.cut(name);
    const step = cut?.step ?? this.plan.uncutStep(name);
    const shift = accumulatorShift(terms, 1, step, cut ? NOISE_BEFORE_REQUANTIZE : NOISE_AT_OUTPUT, unit);
    return shift === 0;
  }

  /**
   * Whether integers stand for themselves in x and in these factors and constants: what is made of them is then exact
   * in units of one.
   */
  isIntegral(x: Quantized, ...numbers: readonly Float64Array[]): boolean {
    return x.scale[0] === 1 && numbers.every((values) => values.every(Number.isInteger));
  }

  /**
   * Scale of an accumulator for graph tensor `name` made of these terms: a power-of-two fraction of the next cut's
   * step.
   */
  accumulatorScale(name: string, terms: readonly Term[], rows: number): number {
    const cut = this.plan.cut(name);
    const step = cut?.step ?? this.plan.uncutStep(name);
    return step / 2 ** accumulatorShift(terms, rows, step, cut ? NOISE_BEFORE_REQUANTIZE : NOISE_AT_OUTPUT);
  }

  /**
   * Cuts x to exactly this grid's ends, for a clip: where no power of two leads from x's scale to the step, x is first
   * multiplied by an integer that makes one do.
   */
  requantizeExactly(x: Quantized, grid: Grid, output: string, bits = this.bits): Quantized {
    const ratio = Math.log2(grid.step / x.scale[0]);
    const shift = Math.round(ratio);
    if (shift >= 0 && Math.abs(ratio - shift) < 1e-9) return this.requantize(x, grid, output, bits);
    const wanted = Math.max(0, Math.ceil(ratio + EXACT_FACTOR_BITS));
    const factor = Math.round((x.scale[0] * 2 ** wanted) / grid.step);
    const size = sizeOf(x.shape);
    const body: OpBody = { kind: 'affine', factor: new Float64Array(size).fill(factor), shift: new Float64Array(size) };
    const scaled = this.emitStep(body, [x], x.of, x.shape, x.scale[0] / factor);
    return this.requantize(scaled, { step: scaled.scale[0] * 2 ** wanted, low: grid.low }, output, bits);
  }

  /**
   * Cuts x to a grid. The step becomes the nearest power-of-two multiple of x's scale at or above the one wished for.
   */
  requantize(x: Quantized, grid: Grid, output: string, bits = this.bits): Quantized {
    const { body, step } = this.cutTo(x, grid, bits);
    return this.emit(body, [x], output, x.shape, step);
  }

  private cutTo(
    x: Quantized,
    grid: Grid,
    bits = this.bits,
  ): { readonly body: Extract<OpBody, { kind: 'requantize' }>; readonly step: number } {
    const scale = x.scale[0];
    const shift = Math.max(0, Math.ceil(Math.log2(grid.step / scale) - 1e-9));
    const step = scale * 2 ** shift;
    const low = Math.round((grid.low * grid.step) / step) + 0;
    return { body: { kind: 'requantize', shift, low, bits }, step };
  }

  /** Whether x is an input of the network, or what moves make of inputs: its reals are the user's, on a grid. */
  isInput(x: Quantized): boolean {
    return this.given.has(x.id);
  }

  /** x with a constant added to each of its integers. */
  added(x: Quantized, constant: number): Quantized {
    if (constant === 0) return x;
    const size = sizeOf(x.shape);
    return this.emitStep(
      { kind: 'affine', factor: new Float64Array(size).fill(1), shift: new Float64Array(size).fill(constant) },
      [x],
      x.of,
      x.shape,
      x.scale[0],
    );
  }

  /** The requantization that made x, if one did. */
  requantizationOf(x: Quantized): { readonly low: number; readonly bits: number } | undefined {
    return this.requantizations.get(x.id);
  }

  /** x cut to `bits` bits around this grid, as the index of a table; two tables on one grid share it. */
  cutForIndex(x: Quantized, grid: Grid, bits: number): { readonly x: Quantized; readonly low: number } {
    const factor = factorTo(grid.step / x.scale[0]);
    const { body, step } = this.cutTo({ ...x, scale: Float64Array.of(x.scale[0] / factor) }, grid, bits);
    const key = `${x.id} ${factor} ${body.shift} ${body.low} ${bits}`;
    const cut = this.indexes.get(key) ?? this.emitStep(body, [this.multiplied(x, factor)], x.of, x.shape, step);
    this.indexes.set(key, cut);
    return { x: cut, low: body.low };
  }

  /** x in a scale that is finer by a whole factor. */
  multiplied(x: Quantized, factor: number): Quantized {
    if (factor === 1) return x;
    const size = sizeOf(x.shape);
    const body: OpBody = { kind: 'affine', factor: new Float64Array(size).fill(factor), shift: new Float64Array(size) };
    return this.emitStep(body, [x], x.of, x.shape, x.scale[0] / factor);
  }

  /**
   * x cut over its calibrated range if it is wider than the number of bits given, or else than an operand. x itself
   * otherwise.
   */
  narrow(x: Quantized, bits = this.plan.operandBits): Quantized {
    return this.narrowTo(x, bits, bits);
  }

  /**
   * The same where the calibrated range has `needed` bits, at most `bits`, in the middle of what the others reach. A cut
   * of fewer bits that was made before does not do.
   */
  private narrowTo(x: Quantized, bits: number, needed: number): Quantized {
    // Integers that stand for themselves are never rounded: comparisons and indices rest on them.
    if (bitsOf(spanOf(x.bounds)) <= bits || this.isIntegral(x)) return x;
    const known = this.cutCopy(x, needed < bits ? needed : 0);
    if (known) return known;
    const { body, step } = this.cutTo(x, this.reachingGrid(x.of, bits, needed), bits);
    const cut = this.emitStep(body, [x], x.of, x.shape, step);
    this.narrowed.set(x.id, cut);
    return cut;
  }

  private reachingGrid(name: string, bits: number, needed: number): Grid {
    if (needed < bits) {
      const { step, low } = this.plan.ownGrid(name, needed);
      return { step, low: low - (2 ** bits - 2 ** needed) / 2 };
    }
    const { min, max } = this.plan.statisticsOf(name);
    // Max pooling's operands have an activation's bits alone.
    if (bits <= this.bits) return this.plan.ownGrid(name, bits);
    const room = BEYOND * (max - min);
    return gridFor(
      min >= 0 ? Math.max(0, min - room) : min - room,
      max <= 0 ? Math.min(0, max + room) : max + room,
      bits,
    );
  }

  /** A cut of x that was made before, of at least so many bits. */
  private cutCopy(x: Quantized, least: number): Quantized | undefined {
    const known = this.narrowed.get(x.id);
    return known !== undefined && (this.requantizationOf(known)?.bits ?? 0) >= least ? known : undefined;
  }

  /**
   * Bits of x over its own range at which its step is the one that `reader` asks for, where they are clearly more than
   * an activation's; else 0. Small differences of large values then matter, such as those of the squares in a
   * Gaussian's exponent, and a cut would saturate on rows that reach a little farther than those calibrated on.
   */
  private fineBits({ of }: Quantized, reader: GraphNode): number {
    const { min, max } = this.plan.statisticsOf(of);
    const levels = (max - min) / this.plan.readStep(reader, of);
    const bits = levels > 1 ? Math.ceil(Math.log2(levels)) : 0;
    return bits > this.bits + FINE_BITS ? Math.min(MOST_KEPT, bits) : 0;
  }

  /**
   * x as a linear layer should read it: cut first where that costs fewer constraints than carrying its extra bits into
   * the accumulators that will be cut afterwards, where a cut copy exists already, or where the layer's `growth` in
   * bits would leave exact arithmetic.
   */
  operand(x: Quantized, reader: GraphNode, growth: number): Quantized {
    const bits = bitsOf(spanOf(x.bounds));
    const fine = this.fineBits(x, reader);
    const kept = fine > 0 ? fine + REACH_BITS : this.plan.operandBits;
    const extra = bits - kept;
    if (extra <= 0) return x;
    const known = this.cutCopy(x, fine);
    if (known) return known;
    if (fine > 0) {
      const most = Math.min(kept, Math.floor(WIDEST - growth));
      return bits + growth > WIDEST ? this.narrowTo(x, most, Math.min(fine, most)) : x;
    }
    const next = Math.max(this.plan.nextCut(reader.output), this.plan.nextCutOfReaders(x.of));
    if (next * extra > sizeOf(x.shape) * (bits + REQUANTIZE_OVERHEAD)) return this.narrow(x);
    return bits + growth > WIDEST ? this.narrow(x, this.affordable(x, next, WIDEST - growth)) : x;
  }

  /**
   * Bits, `most` at most, to which a tensor is cut that is too wide to be left as it is: more than an operand's where
   * those that are carried on, into `next` cuts, cost little beside the cut itself.
   */
  private affordable(x: Quantized, next: number, most: number): number {
    const cost = sizeOf(x.shape) * (bitsOf(spanOf(x.bounds)) + REQUANTIZE_OVERHEAD);
    const more = Math.floor((cost * CARRIED_SHARE) / Math.max(next, 1));
    return Math.max(this.plan.operandBits, Math.min(this.plan.operandBits + more, Math.floor(most), MOST_KEPT));
  }

  /**
   * Both factors of a product, each cut or left wide as costs fewer constraints, what becomes of the product later
   * included. `growth`: bits that sums of such products have beyond one product's.
   */
  factors(a: Quantized, b: Quantized, product: GraphNode, growth = 4): [Quantized, Quantized] {
    const wide = [a, b].map((x) => bitsOf(spanOf(x.bounds)));
    const fine = Math.max(this.fineBits(a, product), this.fineBits(b, product));
    if (fine > 0) {
      if (wide[0] + wide[1] + growth <= WIDEST) return [a, b];
      const most = Math.min(fine + REACH_BITS, Math.floor((WIDEST - growth) / 2));
      const [left, right] = [a, b].map((x) => this.narrowTo(x, most, Math.min(fine, most)));
      return [left, right];
    }
    const narrowed =
      wide[0] + wide[1] + growth > WIDEST
        ? leastOf([a, b].map((x) => this.affordable(x, 2 * this.plan.nextCut(product.output), (WIDEST - growth) / 2)))
        : this.plan.operandBits;
    const cut = [a, b].map((x, k) => (this.isIntegral(x) ? wide[k] : Math.min(wide[k], narrowed)));
    const cutting = [a, b].map((x, k) =>
      cut[k] < wide[k] && !this.narrowed.has(x.id) ? sizeOf(x.shape) * (wide[k] + REQUANTIZE_OVERHEAD) : 0,
    );
    const pairs: readonly [boolean, boolean][] =
      a.id === b.id
        ? [
            [true, true],
            [false, false],
          ]
        : [
            [true, true],
            [true, false],
            [false, true],
            [false, false],
          ];
    const cost = (cuts: readonly [boolean, boolean]): number => {
      const bits = cuts.reduce((sum, isCut, k) => sum + (isCut ? cut[k] : wide[k]), 0);
      if (cuts.includes(false) && bits + growth > WIDEST) return Infinity;
      const cutsMade =
        a.id === b.id ? (cuts[0] ? cutting[0] : 0) : cuts.reduce((sum, isCut, k) => sum + (isCut ? cutting[k] : 0), 0);
      return cutsMade + this.plan.nextCut(product.output) * bits;
    };
    const [cutA, cutB] = pairs.reduce((best, pair) => (cost(pair) < cost(best) ? pair : best));
    return [cutA ? this.narrow(a, narrowed) : a, cutB ? this.narrow(b, narrowed) : b];
  }

  /**
   * x as a linear layer should read it where all its integers lie far from zero, such as years or heights above the
   * sea: each less the middle of its interval. What the layer makes of the middles is a constant, so its terms stay
   * small, and no sum of them leaves exact arithmetic. `middle` has one entry for each column, elements `columns` apart
   * having one coefficient; undefined where x is near zero already.
   */
  centred(x: Quantized, columns: number): { readonly x: Quantized; readonly middle?: Float64Array } {
    if (!x.ranged) return { x };
    const [low, high] = [new Float64Array(columns).fill(Infinity), new Float64Array(columns).fill(-Infinity)];
    x.bounds.low.forEach((least, i) => {
      const column = i % columns;
      low[column] = Math.min(low[column], least);
      high[column] = Math.max(high[column], x.bounds.high[i]);
    });
    const isNear = (least: number, i: number): boolean =>
      Math.min(Math.abs(least), Math.abs(high[i])) <= FAR * (high[i] - least + 1);
    if (low.every(isNear)) return { x };
    const key = `${x.id} ${columns}`;
    const known = this.centres.get(key);
    if (known) return known;
    const middle = low.map((least, i) => Math.floor((least + high[i]) / 2) + 0);
    const size = sizeOf(x.shape);
    const shift = new Float64Array(size).map((_, i) => -middle[i % columns] + 0);
    const moved = this.emitStep(
      { kind: 'affine', factor: new Float64Array(size).fill(1), shift },
      [x],
      x.of,
      x.shape,
      x.scale[0],
    );
    const meanSquare = low.reduce((sum, least, i) => sum + (high[i] - least + 1) ** 2 / 12, 0) / columns;
    const made = { x: { ...moved, mean: 0, meanSquare }, middle };
    this.centres.set(key, made);
    return made;
  }

  /** All tensors in one scale; those that would leave exact arithmetic in it are cut first. */
  align(
    inputs: readonly Quantized[],
    output: string,
  ): { readonly inputs: readonly Quantized[]; readonly scale: number } {
    let chosen = inputs;
    let unit = this.commonScale(chosen, output);
    if (chosen.some((input) => magnitudeOf(input.bounds) * (input.scale[0] / unit) > 2 ** WIDEST)) {
      chosen = chosen.map((input) => {
        const fine = this.node === undefined ? 0 : this.fineBits(input, this.node);
        return fine > 0 ? this.narrowTo(input, fine + REACH_BITS, fine) : this.narrow(input);
      });
      unit = this.commonScale(chosen, output);
    }
    const aligned = chosen.map((input) => {
      const factor = Math.round(input.scale[0] / unit);
      if (factor === 1) return input;
      const size = sizeOf(input.shape);
      const body: OpBody = {
        kind: 'affine',
        factor: new Float64Array(size).fill(factor),
        shift: new Float64Array(size),
      };
      return this.emitStep(body, [input], input.of, input.shape, unit);
    });
    return { inputs: aligned, scale: unit };
  }

  /**
   * The finest scale of these tensors, or the fraction of it at which the others are met precisely enough for `output`.
   */
  private commonScale(inputs: readonly Quantized[], output: string): number {
    const finest = leastOf(inputs.map((input) => input.scale[0]));
    if (inputs.every((input) => input.scale[0] === finest)) return finest;
    const terms = inputs.map((input) => ({ coefficients: input.scale, meanSquare: input.meanSquare }));
    return finest / 2 ** accumulatorShift(terms, 1, this.plan.uncutStep(output), NOISE_AT_OUTPUT, finest);
  }

  /**
   * The parts of a tensor side by side: each in `blocks` equal blocks, and the blocks of all parts at one place one
   * after the other.
   */
  stacked(parts: readonly Part[], shape: Shape, blocks: number): Quantized {
    const [{ x }] = parts;
    const size = sizeOf(x.shape);
    const block = size / blocks;
    const index = Int32Array.from({ length: parts.length * size }, (_, i) => {
      const [part, at] = [Math.floor(i / block) % parts.length, Math.floor(i / (block * parts.length))];
      return part * size + at * block + (i % block);
    });
    const inputs = parts.map((part) => part.x);
    return this.emitStep({ kind: 'move', index, constants: new Float64Array(0) }, inputs, x.of, shape, x.scale[0]);
  }

  /** Whoever reads x from now on reads its stand-in, which has the same values. */
  replace(x: Quantized, standIn: Quantized): void {
    for (const [name, tensor] of this.tensors) if (tensor.id === x.id) this.tensors.set(name, standIn);
  }

  /** Makes `name` another name of x. */
  alias(name: string, x: Quantized): void {
    this.tensors.set(name, x);
  }
}

/** Factors by which integers are multiplied so that a power of two leads from their scale to a wanted step. */
const FACTORS = [1, 3, 5, 7];
/** How much coarser than wanted a step may be without a factor. */
const COARSER = 1.25;

/** The factor after which a power of two comes nearest above `ratio`, the wanted step in integers. */
function factorTo(ratio: number): number {
  const overshoot = (factor: number): number => 2 ** Math.ceil(Math.log2(ratio * factor) - 1e-9) / (ratio * factor);
  if (overshoot(1) <= COARSER) return 1;
  return FACTORS.reduce((best, factor) => (overshoot(factor) < overshoot(best) ? factor : best));
}

/** Largest magnitude of any element. */
function magnitudeOf(bounds: Intervals): number {
  const [low, high] = hull(bounds);
  return Math.max(Math.abs(low), Math.abs(high));
}

/** Elements with ranges of their own are known by these alone; assume a uniform spread over the codes. */
function uniformMeanSquare(input: IntegerInput): number {
  const top = mostCode(input);
  const squares = input.low.map((low) => (low * low + low * (low + top) + (low + top) ** 2) / 3);
  return squares.reduce((sum, value) => sum + value, 0) / squares.length;
}
