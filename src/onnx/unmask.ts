/**
 * Masks as exporters write them: scores with minus infinity, or a number as far below zero, chosen (Where) or added
 * (Add) where a softmax is to give no weight. Exact arithmetic has no infinity, and a range that holds -1e9 leaves no
 * bits for the scores. So the masked elements are named, and the scores taken from before the mask.
 */
import type { GraphNode } from '../network/graph.js';
import type { Intervals } from '../tensor/intervals.js';
import type { GraphBuilder } from './builder.js';
import { factsOf, UNBOUNDED } from './facts.js';
import type { Activation } from './values.js';

export interface Unmasked {
  /** 1 for each element that is masked. */
  readonly masked: Uint8Array;
  /** The tensor without the mask: the same elsewhere, any value where it is masked. */
  readonly tensor: string;
}

/**
 * What is at or below this is a mask: exp of it is zero in float32, beside any score that is not as far below zero.
 * BERT's is this.
 */
const MASK = -1e4;

/**
 * Of an addend: scores of unknown size are not multiplied by more than this beside it, as (1 - mask) * -10000 would be.
 */
const LARGEST_SCALE = 16;

/** Whether what is added to scale * x hides it, x being within the bounds. */
function isMask(shift: number, scale: number, { low, high }: Intervals, i: number): boolean {
  const most = scale > 0 ? scale * high[i] : scale * low[i];
  const isKnown = Math.max(Math.abs(low[i]), Math.abs(high[i])) < UNBOUNDED;
  return shift === -Infinity || (shift <= MASK && (isKnown ? shift + most <= MASK : Math.abs(scale) <= LARGEST_SCALE));
}

/** Layers between a mask and its softmax, at most: more than any exporter writes. */
const MOST_LAYERS = 16;

/** Undefined where nothing is masked, or everything. */
export function unmask(builder: GraphBuilder, { tensor }: Pick<Activation, 'tensor'>): Unmasked | undefined {
  const unmasked = new Search(builder).look(tensor, 0);
  return unmasked?.masked.every((hidden) => hidden === 1) ? undefined : unmasked;
}

/** Looks back from a softmax, at each tensor once. */
class Search {
  private readonly known = new Map<string, Unmasked | undefined>();

  constructor(private readonly builder: GraphBuilder) {}

  look(tensor: string, layers: number): Unmasked | undefined {
    const node = this.builder.makerOf(tensor);
    if (node === undefined || layers > MOST_LAYERS) return undefined;
    if (!this.known.has(tensor)) this.known.set(tensor, this.lookThrough(node, layers));
    return this.known.get(tensor);
  }

  private lookThrough(node: GraphNode, layers: number): Unmasked | undefined {
    const inputs = () => node.inputs.map((tensor) => this.look(tensor, layers + 1));
    switch (node.op) {
      case 'move': {
        const read = inputs();
        const origin = read.flatMap((input, k) =>
          Array.from(input?.masked ?? new Uint8Array(this.builder.elementsOf(node.inputs[k]))),
        );
        const masked = Uint8Array.from(node.index, (at) =>
          Number(at < 0 ? node.constants[-1 - at] <= MASK : origin[at] === 1),
        );
        return this.rebuilt(node, masked, read, {
          constants: node.constants.map((value) => (value <= MASK ? 0 : value)),
        });
      }
      case 'affine': {
        const [inner] = inputs();
        const { bounds } = factsOf(this.builder, node.inputs[0]);
        const masked = Uint8Array.from(node.shift, (shift, i) =>
          Number(isMask(shift, node.scale[i], bounds, i) || (inner?.masked[i] === 1 && node.scale[i] > 0)),
        );
        if (inner?.masked.some((hidden, i) => hidden === 1 && masked[i] === 0)) return undefined;
        return this.rebuilt(node, masked, [inner], {
          shift: node.shift.map((shift, i) => (masked[i] === 1 ? 0 : shift)),
        });
      }
      case 'sum': {
        if (node.coefficients.some((coefficient) => !(coefficient > 0))) return undefined;
        const read = inputs();
        const masked = new Uint8Array(this.builder.elementsOf(node.output));
        for (const input of read) input?.masked.forEach((hidden, i) => (masked[i] |= hidden));
        return this.rebuilt(node, masked, read, {});
      }
      case 'clip': {
        // max(x, least float), as some exporters write; an end that is no mask lifts the masked elements to itself.
        const [inner] = node.min > MASK ? [] : inputs();
        return inner && this.rebuilt(node, inner.masked, [inner], { min: -Infinity });
      }
      case 'dense':
      case 'conv':
      case 'mean':
      case 'max':
      case 'prelu':
      case 'multiply':
      case 'argMax':
      case 'step':
      case 'function':
      case 'softmax':
      case 'matmul':
        return undefined;
    }
  }

  /** The node on its unmasked inputs, with these fields changed. */
  private rebuilt(
    node: GraphNode,
    masked: Uint8Array,
    inputs: readonly (Unmasked | undefined)[],
    changes: Readonly<Record<string, unknown>>,
  ): Unmasked | undefined {
    if (!masked.includes(1)) return undefined;
    const { builder } = this;
    const tensor = builder.unique(`${node.output}/unmasked`);
    const name = builder.unique(`node ${node.name}/unmasked`).slice('node '.length);
    builder.add({
      ...node,
      ...changes,
      name,
      inputs: node.inputs.map((input, k) => inputs[k]?.tensor ?? input),
      output: tensor,
    } as GraphNode);
    return { masked, tensor };
  }
}
