/**
 * Attention and RotaryEmbedding of opset 23 and later, as their function bodies compute them: products of matrices, a
 * softmax that leaves out what is masked, products again; a rotation of pairs by constant or computed angles.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf, type Shape } from '../../tensor/shape.js';
import { concatViews, identityView, reshapeView, selectAlong, transposeView } from '../../tensor/views.js';
import { isFloat, type Constant } from '../model.js';
import type { Activation, Value } from '../values.js';
import { emitAffine, filled } from './arithmetic.js';
import { expandActivation, expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';
import { matrixProduct } from './matmul.js';
import { moveMany, moveValue } from './moving.js';

/**
 * What is added to a score that the network itself masks: more than scores differ by, and exp of it is zero in float32.
 */
const HIDDEN = -1e4;

/** [batch, heads, positions, size], from that or from [batch, positions, heads * size]. */
function splitHeads(context: NodeContext, value: Value, attribute: string): Value {
  if (value.shape.length === 4) return value;
  const heads = context.int(attribute, 0);
  const [batch, positions, width] = value.shape;
  if (value.shape.length !== 3 || heads < 1 || width % heads !== 0)
    throw context.shapeError(`${attribute} ${heads} does not divide one of its inputs into heads`);
  return moveValue(
    context,
    value,
    (view) => transposeView(reshapeView(view, [batch, positions, heads, width / heads]), [0, 2, 1, 3]),
    { step: attribute },
  );
}

/** What was there before, and then the new positions. */
function joined(context: NodeContext, past: Value | undefined, value: Value, output: number): Value {
  if (past === undefined) return value;
  if (past.kind === 'activation' || value.kind === 'activation') {
    return {
      ...moveMany(context, [past, value], (views) => concatViews(views, 2), { step: 'present', output }),
      type: value.type,
    };
  }
  const { shape, index } = concatViews([identityView(past.shape), identityView(value.shape, past.data.length)], 2);
  return constant(
    value.type,
    shape,
    Float64Array.from(index, (at) => (at < past.data.length ? past.data[at] : value.data[at - past.data.length])),
  );
}

/** Each head of keys or values [batch, heads, positions, size] repeated for the heads of queries that share it. */
export function shared(context: NodeContext, value: Value, heads: number, step: string): Value {
  const own = value.shape[1];
  if (heads % own !== 0)
    throw context.shapeError(`${heads} heads of queries do not share ${own} heads of keys and values`);
  const positions = Int32Array.from({ length: heads }, (_, head) => Math.floor((head * own) / heads));
  return moveValue(context, value, (view) => selectAlong(view, new Map([[1, positions]])), { step });
}

/**
 * 1 where a query may not see a key, by causality, windows and the number of keys that are no padding; [batch, heads,
 * queries, keys].
 */
function hiddenByPlace(context: NodeContext, shape: Shape, past: number): Uint8Array {
  const [, heads, queries, keys] = shape;
  const lengths = context.integers(6);
  const [causal, left, right] = [
    context.flag('is_causal', false),
    context.int('left_window_size', -1),
    context.int('right_window_size', -1),
  ];
  return Uint8Array.from({ length: sizeOf(shape) }, (_, at) => {
    const [key, query, batch] = [at % keys, Math.floor(at / keys) % queries, Math.floor(at / (keys * queries * heads))];
    const length = lengths?.[batch] ?? keys;
    const place = query + (lengths === undefined ? past : length - queries);
    const sees =
      key < length &&
      !(causal && key > place) &&
      !(left >= 0 && key < place - left) &&
      !(right >= 0 && key > place + right);
    return Number(!sees);
  });
}

/** The mask broadcast to the scores; keys behind its end are hidden. */
function padMask(context: NodeContext, mask: Constant, shape: Shape): Constant {
  const keys = shape[shape.length - 1];
  const width = mask.shape[mask.shape.length - 1] ?? 1;
  const hidden = mask.type === 'bool' ? 0 : -Infinity;
  const wide = [...mask.shape.slice(0, -1), keys];
  const padded =
    width === 1 || width === keys
      ? mask
      : constant(
          mask.type,
          wide,
          Float64Array.from({ length: sizeOf(wide) }, (_, i) =>
            i % keys < width ? mask.data[Math.floor(i / keys) * width + (i % keys)] : hidden,
          ),
        );
  if (width > keys) throw context.shapeError('attn_mask has more keys than there are');
  return constant(mask.type, shape, expandConstant(padded, shape));
}

export const lowerAttention: Lowering = (context) => {
  context.ignore('softmax_precision');
  const query = splitHeads(context, context.input(0), 'q_num_heads');
  const [past, pastValue] = [context.inputs[4], context.inputs[5]];
  const key = joined(context, past, splitHeads(context, context.input(1), 'kv_num_heads'), 1);
  const value = joined(context, pastValue, splitHeads(context, context.input(2), 'kv_num_heads'), 2);
  context.ignore('q_num_heads', 'kv_num_heads');
  if (!isFloat(query.type))
    throw context.unsupported(`it is defined on floats, and its input is of type ${query.type}`);
  const [batch, heads, queries, size] = query.shape;
  const keys = key.shape[2];
  const shape = [batch, heads, queries, keys];

  const turned = moveValue(context, shared(context, key, heads, 'keys'), (view) => transposeView(view, [0, 1, 3, 2]), {
    step: 'transposed',
  });
  const product = matrixProduct(context, query, turned, 'scores');
  if (product.kind === 'constant') throw context.unsupported('its queries and keys are both constants');
  const raw = emitAffine(
    context,
    product,
    shape,
    filled(shape, context.float('scale', 1 / Math.sqrt(size))),
    filled(shape, 0),
    'scaled',
  );
  const cap = context.float('softcap', 0);
  const capped = cap === 0 ? raw : softCap(context, raw, cap);

  const masked = hiddenByPlace(context, shape, past?.shape[2] ?? 0);
  const { scores: biased, bias } = addMask(context, capped, masked);
  const groups = reductionGroups(shape, [3]);
  const weights = context.emit(
    { op: 'softmax', shape, groups, logarithm: false, ...(masked.includes(1) ? { masked } : {}) },
    [biased],
    { step: 'weights' },
  );
  const made = matrixProduct(context, weights, shared(context, value, heads, 'values'), 'result') as Activation;
  const width = value.shape[3];
  const y =
    context.input(0).shape.length === 4
      ? made
      : moveValue(
          context,
          made,
          (view) => reshapeView(transposeView(view, [0, 2, 1, 3]), [batch, queries, heads * width]),
          { step: 'joined' },
        );

  const mode = context.int('qk_matmul_output_mode', 0);
  const shown = [raw, capped, biased, weights][mode];
  if (shown === undefined) throw context.unsupportedAttribute('qk_matmul_output_mode', mode, '0 to 3 are');
  const wantsScores = Boolean(context.node.outputs[3]);
  if (wantsScores && mode === 2 && (masked.includes(1) || bias))
    throw context.unsupported('its masked scores, minus infinity among them, are an output');
  return [y, key, value, ...(wantsScores ? [shown] : [])];
};

/** cap * tanh(x / cap) */
function softCap(context: NodeContext, x: Activation, cap: number): Activation {
  const { shape } = x;
  const inner = emitAffine(context, x, shape, filled(shape, 1 / cap), filled(shape, 0), 'cap');
  return emitAffine(
    context,
    emitFunction(context, inner, scalarFunction('Tanh', {}), 'tanh'),
    shape,
    filled(shape, cap),
    filled(shape, 0),
    'capped',
  );
}

/**
 * The scores with attn_mask; what a constant mask hides is noted in `masked`. `bias`: minus infinity was left out of
 * the scores.
 */
function addMask(
  context: NodeContext,
  scores: Activation,
  masked: Uint8Array,
): { readonly scores: Activation; readonly bias: boolean } {
  const mask = context.inputs[3];
  const { shape } = scores;
  if (mask === undefined) return { scores, bias: false };
  if (mask.kind === 'activation') {
    const added =
      mask.type === 'bool'
        ? emitAffine(context, mask, mask.shape, filled(mask.shape, -HIDDEN), filled(mask.shape, HIDDEN), 'mask')
        : mask;
    const wide = expandActivation(context, { ...added, type: scores.type }, shape, 'masks');
    return {
      scores: context.emit({ op: 'sum', shape, coefficients: [1, 1] }, [scores, wide], { step: 'masked' }),
      bias: false,
    };
  }
  const { data, type } = padMask(context, mask, shape);
  const hides = (value: number): boolean => (type === 'bool' ? value === 0 : value <= HIDDEN);
  data.forEach((value, i) => (masked[i] |= Number(hides(value))));
  if (type === 'bool' || data.every((value) => value === 0 || hides(value))) return { scores, bias: true };
  return {
    scores: emitAffine(
      context,
      scores,
      shape,
      filled(shape, 1),
      data.map((value) => (hides(value) ? 0 : value)),
      'biased',
    ),
    bias: data.some(hides),
  };
}

/** x times a factor for each element, which may be computed. */
function timesEach(context: NodeContext, x: Activation, factor: Value, step: string): Activation {
  if (factor.kind === 'activation') return context.emit({ op: 'multiply', shape: x.shape }, [x, factor], { step });
  return emitAffine(context, x, x.shape, factor.data, filled(x.shape, 0), step);
}

/**
 * Each pair (a, b) of an embedding becomes (a cos - b sin, a sin + b cos): cos times it, and sin times it with the pair
 * turned.
 */
export const lowerRotaryEmbedding: Lowering = (context) => {
  const given = context.activation(0);
  const x = splitHeads(context, given, 'num_heads') as Activation;
  context.ignore('num_heads');
  const [batch, heads, positions, size] = x.shape;
  const rotated = context.int('rotary_embedding_dim', 0) || size;
  const half = rotated / 2;
  const interleaved = context.flag('interleaved', false);
  if (rotated > size || !Number.isInteger(half))
    throw context.shapeError(`${rotated} of ${size} numbers of an embedding cannot be rotated in pairs`);
  const ids = context.inputs[3] === undefined ? undefined : context.integers(3);
  /** Of an element of an embedding: the pair it is in, and whether it is the pair's second. */
  const pairOf = (k: number): readonly [number, boolean] =>
    interleaved ? [Math.floor(k / 2), k % 2 === 1] : [k % half, k >= half];

  /** The angle's cosine or sine for each element; 1 or 0 behind what is rotated. */
  const spread = (position: number, rest: number, sign: (second: boolean) => number, step: string): Value => {
    const cache = context.input(position);
    const rows = ids === undefined ? batch * positions : cache.shape[0];
    if (sizeOf(cache.shape) !== rows * half) throw context.shapeError('a cache does not hold one number for each pair');
    const index = identityView(x.shape).index.map((at) => {
      const [k, row] = [
        at % size,
        Math.floor(at / (heads * positions * size)) * positions + (Math.floor(at / size) % positions),
      ];
      return k >= rotated ? -1 : (ids === undefined ? row : ids[row]) * half + pairOf(k)[0];
    });
    const signs = Float64Array.from(index, (_, at) => (at % size < rotated ? sign(pairOf(at % size)[1]) : 1));
    if (cache.kind === 'constant')
      return constant(
        cache.type,
        x.shape,
        Float64Array.from(index, (at, i) => (at < 0 ? rest : signs[i] * cache.data[at])),
      );
    const moved = context.emit({ op: 'move', shape: x.shape, index, constants: Float64Array.of(rest) }, [cache], {
      step,
    });
    return signs.every((value) => value === 1)
      ? moved
      : emitAffine(context, moved, x.shape, signs, filled(x.shape, 0), `${step}/signed`);
  };

  const turned = moveValue(
    context,
    x,
    ({ index, shape }) => ({
      shape,
      index: index.map((at) => {
        const k = at % size;
        if (k >= rotated) return at;
        const second = pairOf(k)[1];
        return at + (interleaved ? (second ? -1 : 1) : second ? -half : half);
      }),
    }),
    { step: 'turned' },
  ) as Activation;
  const straight = timesEach(
    context,
    x,
    spread(1, 1, () => 1, 'cosines'),
    'cosine',
  );
  const across = timesEach(
    context,
    turned,
    spread(2, 0, (second) => (second ? 1 : -1), 'sines'),
    'sine',
  );
  const rotatedX = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, 1] }, [straight, across], {
    step: 'rotated',
  });
  if (given.shape.length === 4) return [rotatedX];
  return [
    moveValue(context, rotatedX, (view) => reshapeView(transposeView(view, [0, 2, 1, 3]), given.shape), {
      step: 'joined',
    }),
  ];
};
