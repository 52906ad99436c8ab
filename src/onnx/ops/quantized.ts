/**
 * Operators on codes that the model's author chose: real = scale * (code - zero point). QuantizeLinear is a rounding to
 * the author's grid, DequantizeLinear an affine map, and any other operator what its name says between the two.
 * `network/rewrites/author-integers.ts` then puts the integers back: written so, a layer is the same whichever way the
 * author's tool wrote it.
 */
import { broadcastShapes, sizeOf, stridesOf, type Shape } from '../../tensor/shape.js';
import { rangeOf } from '../facts.js';
import { isFloat, type Constant, type ElementType } from '../model.js';
import { elementType } from '../tensor-data.js';
import type { Activation, Value } from '../values.js';
import { filled } from './arithmetic.js';
import { expandConstant } from './broadcast.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { lowerConv } from './conv.js';
import { lowerMatMul } from './matmul.js';
import { moveValue } from './moving.js';

/** Types of codes that a rounding may have. */
const CODE_TYPES: readonly ElementType[] = ['uint8', 'int8', 'uint16', 'int16'];

/** Which scale belongs to which element of a tensor of this shape. */
type Place = (i: number) => number;

/** One scale for all; one for each position along an axis; or one for each block along it. */
function placeOf(context: NodeContext, shape: Shape, scales: Shape, axis: number, block: number): Place {
  if (sizeOf(scales) === 1) return () => 0;
  const along = context.axis(axis, shape.length);
  const strides = stridesOf(shape);
  if (scales.length === 1) {
    if (scales[0] !== shape[along])
      throw context.shapeError(`there should be one scale or one for each position of dimension ${along}`);
    return (i) => Math.floor(i / strides[along]) % shape[along];
  }
  const fits =
    scales.length === shape.length &&
    block > 0 &&
    scales.every((size, k) => size === (k === along ? Math.ceil(shape[k] / block) : shape[k]));
  if (!fits) throw context.shapeError('its scales are no blocks of its input');
  const steps = stridesOf(scales);
  return (i) =>
    shape.reduce(
      (at, size, k) => at + Math.floor((Math.floor(i / strides[k]) % size) / (k === along ? block : 1)) * steps[k],
      0,
    );
}

/** Scales that broadcast to the tensor, as the rows and columns of a matrix product have them. */
function broadcastPlace(context: NodeContext, shape: Shape, scales: Shape): Place {
  if (broadcastShapes(scales, shape)?.join() !== shape.join())
    throw context.shapeError('its scales do not broadcast to the tensor that they scale');
  const positions = expandConstant(
    constant(
      'float',
      scales,
      Float64Array.from({ length: sizeOf(scales) }, (_, k) => k),
    ),
    shape,
  );
  return (i) => positions[i];
}

/** A scale and a zero point, as a node has them, and how they lie over a tensor. */
export interface QuantizationParameters {
  readonly scale: Value;
  readonly zero: Value | undefined;
  /** Of a tensor of this shape. */
  readonly place: (shape: Shape) => Place;
  /**
   * Halves go to the even code, and not to the even distance from the zero point: so onnxruntime rounds sums, products
   * and averages of codes.
   */
  readonly evenCodes?: true;
}

/** The grid at two inputs of a node; one scale for each position along `axis`, or for each of its blocks. */
export function gridAt(context: NodeContext, scale: number, zero: number, axis = 1, block = 0): QuantizationParameters {
  const value = context.input(scale);
  const zeroPoint = context.inputs[zero];
  if (zeroPoint !== undefined && sizeOf(zeroPoint.shape) !== sizeOf(value.shape))
    throw context.shapeError('scale and zero point differ in size');
  return { scale: value, zero: zeroPoint, place: (shape) => placeOf(context, shape, value.shape, axis, block) };
}

/**
 * The grid of one side of a matrix product: a list of scales is one for each row on the left, and for each column on
 * the right.
 */
export function sideGrid(
  context: NodeContext,
  scale: Value,
  zero: Value | undefined,
  axis: -2 | -1,
): QuantizationParameters {
  const place = (shape: Shape): Place =>
    scale.shape.length <= 1 || sizeOf(scale.shape) === 1
      ? placeOf(context, shape, scale.shape, shape.length === 1 ? 0 : axis, 0)
      : broadcastPlace(context, shape, scale.shape);
  return { scale, zero, place };
}

const ONE = constant('float', [], Float64Array.of(1));

/** The zero points of each element; undefined where all are 0. */
function zerosOf(context: NodeContext, zero: Value | undefined, place: Place, size: number): Float64Array | undefined {
  if (zero === undefined) return undefined;
  if (zero.kind === 'activation')
    throw context.unsupported("its zero point is computed from the network's inputs; it must be a constant");
  return zero.data.every((value) => value === 0)
    ? undefined
    : Float64Array.from({ length: size }, (_, i) => zero.data[place(i)]);
}

/** (x - zero point) * scale. Scales may be computed; where x and they are constants, so is the result. */
export function dequantized(
  context: NodeContext,
  x: Value,
  { scale, zero, place: placed }: QuantizationParameters,
  step?: string,
  as: ElementType = scale.type,
): Value {
  const { shape } = x;
  const size = sizeOf(shape);
  const place = placed(shape);
  const zeros = zerosOf(context, zero, place, size);
  if (scale.kind === 'constant') {
    const factor = Float64Array.from({ length: size }, (_, i) => scale.data[place(i)]);
    if (x.kind === 'constant')
      return constant(
        as,
        shape,
        x.data.map((value, i) => (value - (zeros?.[i] ?? 0)) * factor[i]),
      );
    const shift = zeros === undefined ? filled(shape, 0) : zeros.map((value, i) => 0 - value * factor[i]);
    return emitMap(context, x, factor, shift, as, step);
  }
  const index = Int32Array.from({ length: size }, (_, i) => place(i));
  const factors = context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [scale], {
    step: `${step ?? ''}scales`,
  });
  if (x.kind === 'constant')
    return emitMap(
      context,
      { ...factors, shape },
      x.data.map((value, i) => value - (zeros?.[i] ?? 0)),
      filled(shape, 0),
      as,
      step,
    );
  const centred =
    zeros === undefined
      ? x
      : emitMap(
          context,
          x,
          filled(shape, 1),
          zeros.map((value) => 0 - value),
          'int32',
          `${step ?? ''}centred`,
        );
  return context.emit({ op: 'multiply', shape }, [centred, factors], { step, type: as });
}

/** x * scale + shift, of this type. */
function emitMap(
  context: NodeContext,
  x: Activation,
  scale: Float64Array,
  shift: Float64Array,
  type: ElementType,
  step?: string,
): Activation {
  return context.emit({ op: 'affine', shape: x.shape, scale, shift }, [x], { step, type });
}

/** The codes of a real tensor. `type` is that of the codes where the zero point does not say it. */
export function quantized(
  context: NodeContext,
  x: Activation,
  { scale, zero, place: placed, evenCodes }: QuantizationParameters,
  type?: ElementType,
): Activation {
  const codes = type ?? zero?.type ?? 'uint8';
  const ends = CODE_TYPES.includes(codes) ? rangeOf(codes) : undefined;
  if (ends === undefined)
    throw context.unsupported(`it rounds to codes of type ${codes}; 8- and 16-bit integers are supported`);
  if (scale.kind === 'activation' || zero?.kind === 'activation')
    return quantizedBy(context, x, { scale, zero, place: placed }, codes, ends);
  if (!scale.data.every((value) => value > 0 && Number.isFinite(value)))
    throw context.unsupported('a scale is not a positive number');
  const place = placed(x.shape);
  const size = sizeOf(x.shape);
  const each = (values: Float64Array): Float64Array =>
    values.length === 1 ? values : Float64Array.from({ length: size }, (_, i) => values[place(i)]);
  const zeros = zero?.data ?? Float64Array.of(0);
  const none = Float64Array.of(0);
  const moved = each(Float64Array.from(zeros, (value, k) => value * scale.data[k]));
  const fields = {
    op: 'round',
    shape: x.shape,
    factors: [Float64Array.of(1)],
    offset: evenCodes ? moved : none,
    step: each(scale.data),
    zero: evenCodes ? none : each(zeros),
    low: Float64Array.of(ends[0]),
    high: Float64Array.of(ends[1]),
  } as const;
  return context.emit(fields, [x], { type: codes });
}

/** The same with a scale or a zero point that is computed: a division, a rounding and a clip, as the operator says. */
function quantizedBy(
  context: NodeContext,
  x: Activation,
  { scale, zero, place: placed }: QuantizationParameters,
  codes: ElementType,
  ends: readonly [number, number],
): Activation {
  const place = placed(x.shape);
  const index = Int32Array.from({ length: sizeOf(x.shape) }, (_, i) => place(i));
  /** One for each element, as reals. */
  const spread = (value: Value, step: string): Value =>
    sizeOf(value.shape) === 1
      ? { ...value, shape: [], type: x.type }
      : { ...moveValue(context, value, () => ({ shape: x.shape, index }), { step }), type: x.type };
  const [ratio] = context.apply('Div', [x, spread(scale, 'scales')], 'ratio');
  const [rounded] = context.apply('Round', [ratio], 'rounded');
  const [moved] = zero === undefined ? [rounded] : context.apply('Add', [rounded, spread(zero, 'zeros')], 'moved');
  const [low, high] = ends.map((end) => constant(x.type, [], Float64Array.of(end)));
  const [clipped] = context.apply('Clip', [moved, low, high], 'codes');
  return { ...(clipped as Activation), type: codes };
}

/** Where the rounding was left out, the grid says what would have been rounded: one scale and one zero point. */
function plainGrid({ scale, zero }: QuantizationParameters): { scale: number; zero: number } | undefined {
  const [s, z] = [scale, zero ?? constant('uint8', [], Float64Array.of(0))];
  if (s.kind !== 'constant' || z.kind !== 'constant' || s.data.length !== 1 || z.data.length !== 1) return undefined;
  return { scale: s.data[0], zero: z.data[0] };
}

export const lowerQuantizeLinear: Lowering = (context) => {
  context.ignore('saturate', 'precision'); // of 8-bit floats; of the division
  const grid = gridAt(context, 1, 2, context.int('axis', 1), context.int('block_size', 0));
  const given = context.int('output_dtype', 0);
  return [quantized(context, context.activation(0), grid, given === 0 ? undefined : elementType(given))];
};

export const lowerDequantizeLinear: Lowering = (context) => {
  const given = context.int('output_dtype', 0);
  const x = context.input(0);
  const grid = gridAt(context, 1, 2, context.int('axis', 1), context.int('block_size', 0));
  const type = given === 0 ? grid.scale.type : elementType(given);
  return [reals(context, x, grid, undefined, type)];
};

/** What codes stand for; where their rounding was left out, the reals that there are. */
export function reals(
  context: NodeContext,
  x: Value,
  grid: QuantizationParameters,
  step?: string,
  as?: ElementType,
): Value {
  const type = as ?? grid.scale.type;
  return x.kind === 'activation' && x.unrounded !== undefined
    ? { ...sameReals(context, x, grid), type }
    : dequantized(context, x, grid, step, type);
}

/** Reals whose rounding was left out, where they are read on the grid that they would have been rounded to. */
function sameReals(context: NodeContext, { unrounded, ...x }: Activation, grid: QuantizationParameters): Activation {
  const read = plainGrid(grid);
  if (unrounded === undefined || read?.scale !== unrounded.scale || read.zero !== unrounded.zero)
    throw context.unsupported(
      'it reads codes whose rounding is left out here, on another grid than they were made for',
    );
  return x;
}

/**
 * The grid depends on the input's own range: for every input another one. The rounding is left out, and the circuit
 * rounds by its own grid, which calibration found; with a scale of 1 and a zero point of 0 what follows computes on the
 * reals themselves.
 */
export const lowerDynamicQuantizeLinear: Lowering = (context) => {
  const x = context.activation(0);
  if (context.makesOutput()) return dynamicallyQuantized(context, x);
  context.note(
    `${context.node.name}: the scale that ${context.node.op} would choose for each input anew is left out; the circuit rounds to a grid of its own, of the calibrated range.`,
  );
  return [{ ...x, unrounded: { scale: 1, zero: 0 } }, ONE, constant('uint8', [], Float64Array.of(0))];
};

/** The codes, their scale and their zero point of this very input, which somebody wants to see. */
function dynamicallyQuantized(context: NodeContext, x: Activation): readonly Value[] {
  const number = (value: number): Constant => constant('float', [], Float64Array.of(value));
  const end = (op: 'Min' | 'Max'): Value => {
    const [own] = context.apply(`Reduce${op}`, [x], `${op.toLowerCase()}imum`, { keepdims: 0 });
    return context.apply(op, [own, number(0)], `${op.toLowerCase()}imum with zero`)[0];
  };
  const [least, most] = [end('Min'), end('Max')];
  const [range] = context.apply('Sub', [most, least], 'range');
  const [scale] = context.apply('Div', [range, number(255)], 'scale');
  const [below] = context.apply('Neg', [least], 'below');
  const [ratio] = context.apply('Div', [below, scale], 'zero ratio');
  const [clipped] = context.apply('Clip', [ratio, number(0), number(255)], 'zero clipped');
  const [zero] = context.apply('Round', [clipped], 'zero');
  const codes = { ...(zero as Activation), type: 'uint8' as const };
  return [quantized(context, x, { scale, zero: codes, place: () => () => 0 }), scale, codes];
}

/** Codes less their zero points, as integers; reals whose rounding was left out as they are. */
function centred(
  context: NodeContext,
  x: Value,
  zero: Value | undefined,
  place: QuantizationParameters['place'],
  step: string,
): Value {
  const scale = zero === undefined ? ONE : constant('float', zero.shape, filled(zero.shape, 1));
  const grid = { scale, zero, place };
  if (x.kind === 'activation' && x.unrounded !== undefined) return { ...sameReals(context, x, grid), type: 'float' };
  if (isFloat(x.type)) throw context.unsupported(`it computes on codes, and ${step} is of type ${x.type}`);
  return dequantized(context, x, grid, step, 'int32');
}

function integerProduct(
  context: NodeContext,
  op: string,
  lowering: Lowering,
  x: Value,
  weight: Value,
): readonly Value[] {
  const isReal = [x, weight].some(({ type }) => isFloat(type));
  return lowering(context.as(op, [x, weight], 'product')).map((value) => ({
    ...value,
    type: isReal ? 'float' : 'int32',
  }));
}

export const lowerMatMulInteger: Lowering = (context) => {
  const zero = (position: number): Value | undefined => context.inputs[position];
  const side = (position: 0 | 1): Value => {
    const point = zero(position + 2);
    const { place } = sideGrid(context, point ?? ONE, point, position === 0 ? -2 : -1);
    return centred(context, context.input(position), point, place, 'ab'[position]);
  };
  return integerProduct(context, 'MatMul', lowerMatMul, side(0), side(1));
};

export const lowerConvInteger: Lowering = (context) => {
  const of = (position: number, point: Value | undefined, axis: number, step: string): Value =>
    centred(
      context,
      context.input(position),
      point,
      (shape) => placeOf(context, shape, point?.shape ?? [], axis, 0),
      step,
    );
  return integerProduct(context, 'Conv', lowerConv, of(0, context.inputs[2], 1, 'x'), of(1, context.inputs[3], 0, 'w'));
};

/** An operator between its inputs as reals and its result as codes. */
export function requantized(
  context: NodeContext,
  op: string,
  lowering: Lowering,
  inputs: readonly (Value | undefined)[],
  grid: QuantizationParameters,
  opset = context.opset,
): Activation {
  const [value] = lowering(context.as(op, inputs, 'real', opset));
  if (value.kind === 'constant') throw context.unsupported('all its inputs are constants but its scales');
  return quantized(context, context.settled({ ...value, type: 'float' }), grid);
}

/** Biases are integers in units of the product of both scales. */
export function dequantizedBias(
  context: NodeContext,
  bias: Value | undefined,
  x: QuantizationParameters,
  weight: QuantizationParameters,
  channels: number,
  factor = 1,
): Constant | undefined {
  if (bias === undefined) return undefined;
  if (bias.kind === 'activation' || x.scale.kind === 'activation' || weight.scale.kind === 'activation')
    throw context.unsupported("it has a bias, and the bias or a scale is computed from the network's inputs");
  const place = weight.place([channels]);
  const [
    {
      data: [scale],
    },
    { data: scales },
  ] = [x.scale, weight.scale];
  return constant(
    'float',
    bias.shape,
    bias.data.map((value, i) => value * scale * scales[place(i % channels)] * factor),
  );
}

/** x, x scale, x zero point, w, w scale, w zero point, y scale, y zero point, B */
export const lowerQLinearConv: Lowering = (context) => {
  const weight = context.input(3);
  const grids = [gridAt(context, 1, 2), gridAt(context, 4, 5, 0), gridAt(context, 6, 7)];
  const x = dequantized(context, context.input(0), grids[0], 'x');
  const w = dequantized(context, weight, grids[1], 'w');
  const [channels] = weight.shape;
  const perChannel = { ...grids[1], place: (shape: Shape) => placeOf(context, shape, grids[1].scale.shape, 0, 0) };
  const bias = dequantizedBias(context, context.inputs[8], grids[0], perChannel, channels);
  return [requantized(context, 'Conv', lowerConv, [x, w, bias], grids[2])];
};

/** a, a scale, a zero point, b, b scale, b zero point, y scale, y zero point */
export const lowerQLinearMatMul: Lowering = (context) => {
  const side = (first: 0 | 3, step: string): Value =>
    dequantized(
      context,
      context.input(first),
      sideGrid(context, context.input(first + 1), context.inputs[first + 2], first === 0 ? -2 : -1),
      step,
    );
  const y = sideGrid(context, context.input(6), context.inputs[7], -2);
  return [requantized(context, 'MatMul', lowerMatMul, [side(0, 'a'), side(3, 'b')], y)];
};
