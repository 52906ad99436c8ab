/**
 * Operators of com.microsoft into which onnxruntime's optimizer joins those of ONNX, in a file that it saved: each is
 * taken apart again.
 */
import { constant, type Lowering, type NodeContext, type OnnxOperator } from '../ops/context.js';
import { lowerConv } from '../ops/conv.js';
import { lowerGemm } from '../ops/matmul.js';
import type { Attribute } from '../model.js';
import type { Value } from '../values.js';

const float = (value: number): Attribute => ({ type: 'float', value });

/** The sum of those inputs that are given. */
function added(context: NodeContext, first: Value, others: readonly (Value | undefined)[]): Value {
  return others.reduce<Value>(
    (sum, other, k) => (other === undefined ? sum : context.apply('Add', [sum, other], `sum${k}`)[0]),
    first,
  );
}

/** Gelu of x and, where there is one, a bias. */
const gelu =
  (approximate: 'none' | 'tanh'): Lowering =>
  (context) =>
    context.apply('Gelu', [added(context, context.input(0), [context.inputs[1]])], 'gelu', { approximate });

const lowerQuickGelu: Lowering = (context) =>
  context.apply('Swish', [context.input(0)], 'swish', { alpha: float(context.float('alpha', 1.702)) });

/** The last two dimensions of either side may be swapped; the product has a factor. */
const lowerFusedMatMul: Lowering = (context) => {
  const side = (position: 0 | 1): Value => {
    const letter = 'AB'[position];
    if (context.flag(`transBatch${letter}`, false))
      throw context.unsupportedAttribute(`transBatch${letter}`, 1, 'only 0 is');
    const value = context.input(position);
    const rank = value.shape.length;
    if (!context.flag(`trans${letter}`, false) || rank < 2) return value;
    const perm = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
    return context.apply('Transpose', [value], `swapped${letter}`, { perm })[0];
  };
  const product = context.apply('MatMul', [side(0), side(1)], 'product');
  const alpha = context.float('alpha', 1);
  return alpha === 1
    ? product
    : context.apply('Mul', [product[0], constant(product[0].type, [], Float64Array.of(alpha))], 'scaled');
};

/** x, skip, gamma, then beta (not of the simplified one) and a bias; outputs: the normalized sum and, fourth, the sum. */
const skipNormalization =
  (op: 'LayerNormalization' | 'RMSNormalization', biasAt: 3 | 4): Lowering =>
  (context) => {
    if (context.node.outputs.slice(1, 3).some((name) => name !== ''))
      throw context.unsupported('mean and variance are outputs of training, and are not computed');
    const sum = added(context, context.input(0), [context.input(1), context.inputs[biasAt]]);
    const [normalized] = context.apply(op, [sum, context.input(2), biasAt === 4 ? context.inputs[3] : undefined], 'y', {
      axis: -1,
      epsilon: float(context.float('epsilon', 1e-12)),
    });
    return [normalized, sum, sum, sum];
  };

/** Names of an activation's parameters, in the order in which `activation_params` or `activation_*` give them. */
const ACTIVATIONS: Readonly<Record<string, readonly string[]>> = {
  Relu: [],
  Tanh: [],
  Sigmoid: [],
  Softplus: [],
  LeakyRelu: ['alpha'],
  Elu: ['alpha'],
  HardSigmoid: ['alpha', 'beta'],
  Clip: ['min', 'max'],
};

function activated(context: NodeContext, x: Value, values: (names: readonly string[]) => readonly number[]): Value {
  const name = context.string('activation', '');
  if (name === '') return x;
  if (!Object.hasOwn(ACTIVATIONS, name))
    throw context.unsupportedAttribute('activation', name, `${Object.keys(ACTIVATIONS).join(', ')} are`);
  const names = ACTIVATIONS[name];
  const given = values(names);
  if (given.length !== names.length) throw context.shapeError(`the activation ${name} takes ${names.length} numbers`);
  if (name === 'Clip') {
    const ends = given.map((end) => constant(x.type, [], Float64Array.of(end)));
    return context.apply('Clip', [x, ...ends], 'activated')[0];
  }
  const attributes = Object.fromEntries(names.map((parameter, k) => [parameter, float(given[k])]));
  return context.apply(name, [x], 'activated', attributes)[0];
}

/** A convolution, something added to it, and an activation. */
const lowerFusedConv: Lowering = (context) => {
  const [result] = lowerConv(context.as('Conv', context.inputs.slice(0, 3), 'conv', 22));
  const sum = added(context, result, [context.inputs[3]]);
  return [activated(context, sum, () => context.floats('activation_params') ?? [])];
};

const lowerFusedGemm: Lowering = (context) => {
  const [result] = lowerGemm(context.as('Gemm', context.inputs, 'gemm', 13));
  return [
    activated(context, result, (names) =>
      names.filter((name) => context.has(`activation_${name}`)).map((name) => context.float(`activation_${name}`, 0)),
    ),
  ];
};

export const FUSED_OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  BiasGelu: { lower: gelu('none') },
  FastGelu: { lower: gelu('tanh') },
  FusedConv: { lower: lowerFusedConv },
  FusedGemm: { lower: lowerFusedGemm },
  FusedMatMul: { lower: lowerFusedMatMul },
  Gelu: { lower: gelu('none') },
  QuickGelu: { lower: lowerQuickGelu },
  SkipLayerNormalization: { lower: skipNormalization('LayerNormalization', 4) },
  SkipSimplifiedLayerNormalization: { lower: skipNormalization('RMSNormalization', 3) },
};
