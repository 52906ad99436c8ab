/**
 * Activations as parts: groups of the binary digits that a cut makes anyway. A weight times a value of eight bits, both
 * rounded to integers, errs by half a unit times up to 255; with a weight of its own for each part of four bits, by
 * half a unit times up to 15. So the accumulator needs fewer fractional bits for the same error, and each of them is a
 * constraint for each value that is cut next. A part costs at most one product for each value.
 *
 * The trap: padding with zeros is the value 0, whose parts are zeros only where the digits count from 0.
 */
import type { GraphNode } from '../network/graph.js';
import { sizeOf } from '../tensor/shape.js';
import type { IntegerInput, TensorId } from '../integer/integer-model.js';
import type { IntegerModelBuilder, OpBody, Quantized } from './integer-model-builder.js';

/** One part of each element. */
export interface Part {
  readonly x: Quantized;
  readonly factor: number;
  /** 0 where it is not known. */
  readonly mean: number;
  readonly meanSquare: number;
  /** Whether it goes with the value: it is the value, or its highest digits, enough of them to be near it. */
  readonly isLeading: boolean;
}

/** Each element is `low` and, of each part, `factor` times it. */
export interface InParts {
  readonly low: number;
  readonly parts: readonly Part[];
}

/** The parts of a tensor as positions of their lowest digits, upwards from 0. */
type Split = readonly number[];

/** Where a tensor's digits come from. */
interface Origin {
  readonly x: Quantized;
  readonly bits: number;
  /** The element whose digits are all 0. */
  readonly low: number;
  /** Made by a cut, whose saturation makes each part a product; digits of an input are there at once. */
  readonly isCut: boolean;
}

/** Layers that take a sum of parts as well as the value; a table, for one, takes its digits. */
const TAKE_SUMS: ReadonlySet<GraphNode['op']> = new Set(['conv', 'dense', 'sum', 'mean', 'move', 'affine', 'max']);
/** Parts of a cut tensor, at most: from there on a product costs more than it saves. */
const MOST_PARTS = 4;
/** Highest digits that together are near the value they are of. */
const LEADING_DIGITS = 4;
/** Weights of a layer that reads parts, at most: each part has as many, and each way to split is weighed over all. */
export const MOST_WEIGHTS = 2 ** 21;

export class Parts {
  private readonly inputs: ReadonlyMap<TensorId, IntegerInput>;
  private readonly moves = new Map<
    TensorId,
    { readonly body: Extract<OpBody, { kind: 'move' }>; readonly x: Quantized }
  >();
  private readonly readByValue = new Set<TensorId>();
  private readonly splits = new Map<TensorId, Split>();
  private readonly origins = new Map<TensorId, Origin>();
  private readonly made = new Map<TensorId, readonly Part[]>();

  constructor(
    private readonly at: IntegerModelBuilder,
    inputs: readonly IntegerInput[],
  ) {
    this.inputs = new Map(inputs.map((input) => [input.tensor, input]));
  }

  /** Takes notice of an op that the workbench has appended. */
  appended(body: OpBody, inputs: readonly Quantized[], output: TensorId): void {
    if (body.kind !== 'part') for (const { id } of inputs) this.readByValue.add(id);
    if (body.kind === 'move' && inputs.length === 1) this.moves.set(output, { body, x: inputs[0] });
  }

  /**
   * Parts of x for a linear layer, where they save constraints: `unitOf` gives the accumulator's scale for these parts,
   * `unit` is that without any, and `count` values of it are cut next. Undefined where the layer had better read x as it
   * is, or where `padded` zeros would have other digits.
   */
  worthwhile(
    x: Quantized,
    count: number,
    { unit, unitOf }: { readonly unit: number; unitOf(parts: readonly Omit<Part, 'x'>[]): number },
    padded = false,
  ): InParts | undefined {
    const origin = this.originOf(x);
    if (origin === undefined || count === 0 || (padded && origin.low !== 0)) return undefined;
    const chosen = this.splits.get(origin.x.id);
    const splits = chosen === undefined ? splitsOf(origin) : [chosen];
    let best: { readonly split: Split; readonly cost: number } | undefined;
    for (const split of splits) {
      const saved = count * Math.log2(unitOf(partsOf(split, origin, x)) / unit);
      const cost = (chosen === undefined ? this.costOf(split, origin) : 0) - saved;
      if (cost < (best?.cost ?? 0)) best = { split, cost };
    }
    if (best === undefined) return undefined;
    this.splits.set(origin.x.id, best.split);
    return { low: origin.low, parts: this.make(x, origin, best.split) };
  }

  /** The cut, or the input, whose elements x has, if all its digits count from 0 and nothing else wants them. */
  private originOf(x: Quantized): Origin | undefined {
    const known = this.origins.get(x.id);
    if (known !== undefined) return known;
    const move = this.moves.get(x.id);
    if (move !== undefined) {
      const origin = this.originOf(move.x);
      return origin?.low === 0 || move.body.constants.length === 0 ? origin : undefined;
    }
    const input = this.inputs.get(x.id);
    if (input !== undefined) {
      const fits = input.low.length === 1 && input.scale.length === 1 && input.bits >= 2;
      return fits && input.exact === undefined ? { x, bits: input.bits, low: input.low[0], isCut: false } : undefined;
    }
    const cut = this.at.requantizationOf(x);
    if (cut === undefined || cut.low !== 0 || cut.bits < 2) return undefined;
    const { plan } = this.at;
    if (plan.isOutput(x.of) || !plan.readerKinds(x.of).every((kind) => TAKE_SUMS.has(kind))) return undefined;
    return { x, bits: cut.bits, low: 0, isCut: true };
  }

  /** Constraints that these parts cost beyond the value's own. */
  private costOf(split: Split, { x, isCut }: Origin): number {
    const size = sizeOf(x.shape);
    // The digits of an input are proved in one row more than its range.
    if (!isCut) return size;
    const products = size * (split.length - 1);
    return products + (this.readByValue.has(x.id) ? size : 0);
  }

  private make(x: Quantized, origin: Origin, split: Split): readonly Part[] {
    const known = this.made.get(x.id);
    if (known !== undefined) return known;
    const move = x.id === origin.x.id ? undefined : this.moves.get(x.id);
    const parts =
      move === undefined ? this.cutApart(origin, split) : this.moved(move, this.make(move.x, origin, split), x);
    this.made.set(x.id, parts);
    return parts;
  }

  private cutApart(origin: Origin, split: Split): readonly Part[] {
    const { x, bits, low } = origin;
    const parts = partsOf(split, origin, x).map(({ factor, ...known }, k) => {
      const count = (split[k + 1] ?? bits) - split[k];
      const body: OpBody = { kind: 'part', low, first: split[k], count };
      return { x: this.at.emitStep(body, [x], x.of, x.shape, x.scale[0] * factor), factor, ...known };
    });
    if (origin.isCut) {
      const factors = parts.map(({ factor }) => factor);
      const sum = this.at.emitStep(
        { kind: 'sum', coefficients: factors },
        parts.map((part) => part.x),
        x.of,
        x.shape,
        x.scale[0],
      );
      // Whoever reads the value from now on reads it as a sum, and its parts are known.
      this.at.replace(x, { ...x, id: sum.id, bounds: sum.bounds });
      this.origins.set(sum.id, origin);
      this.made.set(sum.id, parts);
    }
    return parts;
  }

  private moved(
    { body }: { readonly body: Extract<OpBody, { kind: 'move' }> },
    parts: readonly Part[],
    x: Quantized,
  ): readonly Part[] {
    return parts.map((part, k) => {
      const ends = parts[k + 1]?.factor ?? Infinity;
      // Below zero too, constants are the sum of their parts; the highest part takes what is beyond its digits.
      const constants = body.constants.map((value) => {
        const beyond = ends === Infinity ? 0 : Math.floor(value / ends) * ends;
        return Math.floor((value - beyond) / part.factor);
      });
      return { ...part, x: this.at.emitStep({ ...body, constants }, [part.x], x.of, x.shape, part.x.scale[0]) };
    });
  }
}

/** A tensor as its only part. */
export function wholeOf({ mean, meanSquare }: Quantized): Omit<Part, 'x'> {
  return { factor: 1, mean, meanSquare, isLeading: true };
}

/** Ways to split a tensor: each digit for itself where they cost nothing, else a few parts of about equal size. */
function splitsOf({ bits, isCut }: Origin): readonly Split[] {
  if (!isCut) return [Array.from({ length: bits }, (_, k) => k)];
  const splits: Split[] = [];
  for (let count = 2; count <= Math.min(MOST_PARTS, bits); count += 1) {
    // The highest part reaches its end seldom, so it may be a little longer than the others.
    for (
      let low = Math.max(1, Math.floor((bits - 2) / count) - 1);
      low * (count - 1) < bits && low <= bits / count;
      low += 1
    )
      splits.push(Array.from({ length: count }, (_, k) => k * low));
  }
  return splits;
}

/**
 * What is known of the parts of a tensor: the highest one by the tensor's mean and mean square where its digits count
 * from 0, the others as if each of their digits were as often 1 as 0, but for their means: after a rectifier many are 0.
 */
function partsOf(split: Split, { bits, low }: Origin, { mean, meanSquare }: Quantized): readonly Omit<Part, 'x'>[] {
  return split.map((first, k) => {
    const factor = 2 ** first;
    const top = 2 ** ((split[k + 1] ?? bits) - first) - 1;
    const even = (top * (2 * top + 1)) / 6;
    if (k < split.length - 1 || low !== 0) return { factor, mean: 0, meanSquare: even, isLeading: false };
    return {
      factor,
      mean: Math.min(mean / factor, top),
      meanSquare: Math.min(meanSquare / factor ** 2, top ** 2),
      isLeading: bits - first >= LEADING_DIGITS,
    };
  });
}
