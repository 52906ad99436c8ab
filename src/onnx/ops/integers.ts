/**
 * Exact arithmetic on integers beyond sums and products: Div and Mod by constants, BitShift by constants, bitwise
 * logic, BitCast. All rest on division by a constant rounded down, which has a layer of its own; a bit is what two
 * halvings differ by.
 *
 * The trap: integers of 64 bits are held as far as doubles are exact, so what hangs on the highest of their bits is
 * refused.
 */
import { mostOf, leastOf } from '../../tensor/extremes.js';
import { sizeOf } from '../../tensor/shape.js';
import { scalarFunction, type ScalarFunction } from '../../network/functions/index.js';
import { rangeOf } from '../facts.js';
import { isFloat, type Constant, type ElementType } from '../model.js';
import { elementType } from '../tensor-data.js';
import type { Activation, Value } from '../values.js';
import { emitAffine, filled, foldBinary } from './arithmetic.js';
import { commonShape, expandActivation, expandConstant, operandsOf } from './broadcast.js';
import { emitStep } from './comparison.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';

/** Bits of magnitude up to which every integer is exact in a circuit's accumulators. */
const MOST_BITS = 50;

/** Width in bits of an integer type, and whether it is signed; undefined for other types. */
function integerType(type: ElementType): { readonly width: number; readonly signed: boolean } | undefined {
  const [, unsigned, width] = /^(u?)int(\d+)$/.exec(type) ?? [];
  return width === undefined ? undefined : { width: Number(width), signed: unsigned === '' };
}

/**
 * floor(x / divisor), each divisor a whole number of 1 or more. Elements of one divisor stand together: the precision
 * it takes is its own.
 */
function emitFloor(context: NodeContext, x: Activation, divisor: Float64Array, step?: string): Activation {
  return emitByConstant(
    context,
    x,
    divisor,
    (part, by, own) =>
      context.emit({ op: 'floorDivide', shape: part.shape, divisor: Float64Array.of(by) }, [part], { step: own }),
    step,
  );
}

/** x / divisor rounded towards zero, as integers of C are divided; divisors are not zero. */
function emitTruncated(context: NodeContext, x: Activation, divisor: Float64Array, step?: string): Activation {
  const sizes = divisor.map(Math.abs);
  const own = (name: string): string => (step === undefined ? name : `${step}/${name}`);
  const least = leastOf(context.facts(x).bounds.low);
  let dividend = x;
  if (least < 0) {
    // Of a negative number the quotient is rounded up: divisor - 1 is added to it.
    const reached = emitStep(context, x, Float64Array.of(0), false, own('reached'));
    const raised = emitAffine(
      context,
      reached,
      x.shape,
      sizes.map((size) => 1 - size),
      sizes.map((size) => size - 1),
      own('raise'),
    );
    dividend = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, 1] }, [x, { ...raised, type: x.type }], {
      step: own('raised'),
      type: x.type,
    });
  }
  if (divisor.every((value) => value > 0)) return emitFloor(context, dividend, sizes, step);
  const floors = emitFloor(context, dividend, sizes, own('floors'));
  return emitAffine(context, floors, x.shape, divisor.map(Math.sign), filled(x.shape, 0), step);
}

/** An activation and a constant of one integer type, broadcast; the constant is the second input. */
function byConstant(context: NodeContext, what: string): { readonly x: Activation; readonly c: Float64Array } {
  const [given, by] = [context.input(0), context.input(1)];
  if (given.kind === 'constant' || by.kind === 'activation')
    throw context.unsupported(
      `its ${what} is computed from the network's inputs; of integers a constant ${what} is supported`,
    );
  const shape = commonShape(context, [given, by]);
  return { x: expandActivation(context, given, shape, 'expand'), c: expandConstant(by, shape) };
}

/** Of integers alone; see `lowerDiv`. */
export function divideIntegers(context: NodeContext): Activation {
  const { x, c } = byConstant(context, 'divisor');
  if (integerType(x.type) === undefined)
    throw context.unsupported(`it divides activations of type ${x.type}; cast them to float before`);
  if (c.includes(0)) throw context.unsupported('it divides an integer by zero');
  return emitTruncated(context, x, c);
}

/** What `emit` makes of the elements of each different constant, each in its place again. */
function emitByConstant(
  context: NodeContext,
  x: Activation,
  constants: Float64Array,
  emit: (part: Activation, c: number, step?: string) => Activation,
  step?: string,
): Activation {
  const own = (name: string): string => (step === undefined ? name : `${step}/${name}`);
  const different = [...new Set(constants)];
  if (different.length === 1) return emit(x, different[0], step);
  const parts = different.map((c, k) => {
    const index = Int32Array.from(constants.keys()).filter((i) => constants[i] === c);
    const chosen = context.emit({ op: 'move', shape: [index.length], index, constants: new Float64Array() }, [x], {
      step: own(`part${k}`),
    });
    return { index, made: emit(chosen, c, own(`part${k}/made`)) };
  });
  const back = new Int32Array(constants.length);
  let start = 0;
  for (const { index } of parts) {
    index.forEach((i, j) => (back[i] = start + j));
    start += index.length;
  }
  return context.emit(
    { op: 'move', shape: x.shape, index: back, constants: new Float64Array() },
    parts.map(({ made }) => made),
    { step },
  );
}

const floorMod = (x: number, c: number): number => x - c * Math.floor(x / c) + 0;

/** The remainder's sign follows the divisor; the dividend with `fmod`. */
export const lowerMod: Lowering = (context) => {
  const { x, c } = byConstant(context, 'divisor');
  const truncates = context.flag('fmod', false);
  if (c.includes(0)) throw context.unsupported('it divides by zero');
  if (isFloat(x.type)) {
    if (!c.every(Number.isFinite)) throw context.unsupported('one of its divisors is not finite');
    // Between two multiples of the divisor it rises by the divisor's size, and at each it falls back.
    const remainder = (by: number): ScalarFunction => ({
      formula: `Mod(${by})`,
      apply: (value) => (truncates ? value % by : floorMod(value, by)),
      monotone: false,
      whole: false,
      bound: () => (truncates ? [-Math.abs(by), Math.abs(by)] : [Math.min(by, 0), Math.max(by, 0)]),
    });
    return [emitByConstant(context, x, c, (part, by, step) => emitFunction(context, part, remainder(by), step))];
  }
  if (integerType(x.type) === undefined) throw context.unsupported(`it takes remainders of type ${x.type}`);
  const quotients = truncates ? emitTruncated(context, x, c, 'quotients') : emitFloorByAny(context, x, c);
  const multiples = emitAffine(context, quotients, x.shape, c, filled(x.shape, 0), 'multiples');
  const rest = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [x, multiples], { type: x.type });
  const largest = mostOf(c.map(Math.abs)) - 1;
  context.assume(
    rest,
    truncates || c.some((value) => value < 0) ? -largest : 0,
    truncates || c.some((value) => value > 0) ? largest : 0,
  );
  return [rest];
};

/** floor(x / c) for divisors of either sign: floor(-x / |c|) for negative ones. */
function emitFloorByAny(context: NodeContext, x: Activation, c: Float64Array): Activation {
  if (c.every((value) => value > 0)) return emitFloor(context, x, c, 'quotients');
  const signed = emitAffine(context, x, x.shape, c.map(Math.sign), filled(x.shape, 0), 'signed');
  return emitFloor(context, signed, c.map(Math.abs), 'quotients');
}

/** By constants. A shift of the type's width or more, or a negative one, leaves nothing but the sign. */
export const lowerBitShift: Lowering = (context) => {
  const direction = context.string('direction', '');
  if (direction !== 'LEFT' && direction !== 'RIGHT')
    throw context.unsupportedAttribute('direction', direction, 'LEFT and RIGHT are');
  const { x, c } = byConstant(context, 'shift');
  const type = integerType(x.type);
  if (type === undefined) throw context.unsupported(`it shifts integers, and its input is of type ${x.type}`);
  const { width, signed } = type;
  const shifts = c.map((shift) => (shift < 0 ? width : Math.min(shift, width)));
  if (direction === 'RIGHT')
    return [
      emitFloor(
        context,
        x,
        shifts.map((shift) => 2 ** Math.min(shift, MOST_BITS)),
      ),
    ];
  const factors = shifts.map((shift) => (shift === width ? 0 : 2 ** shift));
  const { bounds } = context.facts(x);
  const [least, most] = rangeOf(x.type)!;
  const fits =
    width === 64 || factors.every((factor, i) => bounds.low[i] * factor >= least && bounds.high[i] * factor <= most);
  if (fits) return [emitAffine(context, x, x.shape, factors, filled(x.shape, 0))];
  // The bits that stay: x reduced to width - shift bits, signed as the type is.
  const moduli = shifts.map((shift) => 2 ** Math.max(width - shift, 1));
  const half = moduli.map((modulus) => (signed ? modulus / 2 : 0));
  const raised = signed ? emitAffine(context, x, x.shape, filled(x.shape, 1), half, 'raised') : x;
  const carried = emitFloor(context, { ...raised, type: x.type }, moduli, 'lost');
  const lost = emitAffine(context, carried, x.shape, moduli, filled(x.shape, 0), 'multiples');
  const kept = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [x, lost], {
    step: 'kept',
    type: x.type,
  });
  const shifted = emitAffine(context, kept, x.shape, factors, filled(x.shape, 0));
  context.assume(shifted, least, most);
  return [shifted];
};

/** Bits of a type that are looked at, one after the other from the lowest. */
function bitsOfType(context: NodeContext, x: Value): { readonly count: number; readonly signed: boolean } {
  const type = integerType(x.type);
  if (type === undefined)
    throw context.unsupported(`it computes on the bits of integers, and its input is of type ${x.type}`);
  return { count: Math.min(type.width, MOST_BITS), signed: type.signed };
}

/** floor(x / 2^j) for j = 0, 1, ..., count, each made where `wanted` says so. */
function emitHalvings(
  context: NodeContext,
  x: Activation,
  count: number,
  wanted: (j: number) => boolean,
): (Activation | undefined)[] {
  let last = x;
  let depth = 0;
  return Array.from({ length: count + 1 }, (_, j) => {
    if (!wanted(j)) return undefined;
    if (j > depth) last = emitFloor(context, last, Float64Array.of(2 ** (j - depth)), `shifted${j}`);
    depth = j;
    return last;
  });
}

/** x & c = sum over j of 2^j (c_j - c_(j-1)) floor(x / 2^j): only where the mask's bits change is x shifted. */
function emitMasked(context: NodeContext, x: Activation, mask: Float64Array, step?: string): Activation {
  const { count, signed } = bitsOfType(context, x);
  if (mask.some((value) => !Number.isSafeInteger(value)))
    throw context.unsupported('one of its constants is beyond the integers that are exact here, 2^53');
  const bit = (value: number, j: number): number => (j < 0 ? 0 : Math.abs(Math.floor(value / 2 ** j) % 2));
  // A signed number's sign goes on for ever; above an unsigned one there is nothing.
  const jump = (i: number, j: number): number => bit(mask[i], j) - bit(mask[i], j - 1);
  const last = signed ? count - 1 : count;
  const changes = Array.from({ length: last + 1 }, (_, j) => mask.some((_value, i) => jump(i, j) !== 0));
  const parts = emitHalvings(context, x, last, (j) => changes[j]).flatMap((shifted, j) =>
    shifted === undefined
      ? []
      : [
          emitAffine(
            context,
            shifted,
            x.shape,
            mask.map((_value, i) => jump(i, j) * 2 ** j),
            filled(x.shape, 0),
            `bit${j}`,
          ),
        ],
  );
  if (parts.length === 0) return emitAffine(context, x, x.shape, filled(x.shape, 0), filled(x.shape, 0), step);
  const sum = context.emit({ op: 'sum', shape: x.shape, coefficients: parts.map(() => 1) }, parts, {
    step,
    type: x.type,
  });
  const [least, most] = rangeOf(x.type)!;
  context.assume(sum, signed ? least : 0, most);
  return sum;
}

/** x & y, one product a bit. */
function emitBoth(context: NodeContext, x: Activation, y: Activation, step?: string): Activation {
  const { count, signed } = bitsOfType(context, x);
  const bits = [x, y].map((value, side) => {
    const halvings = emitHalvings(context, value, count, () => true) as Activation[];
    return Array.from({ length: count }, (_, j) => {
      const bit = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -2] }, [halvings[j], halvings[j + 1]], {
        step: `${'xy'[side]}${j}`,
      });
      context.assume(bit, 0, 1);
      return bit;
    });
  });
  const products = bits[0].map((bit, j) =>
    context.emit({ op: 'multiply', shape: x.shape }, [bit, bits[1][j]], { step: `both${j}` }),
  );
  const coefficients = products.map((_, j) => (signed && j === count - 1 ? -(2 ** j) : 2 ** j));
  const sum = context.emit({ op: 'sum', shape: x.shape, coefficients }, products, { step, type: x.type });
  const [least, most] = rangeOf(x.type)!;
  context.assume(sum, signed ? least : 0, most);
  return sum;
}

/** By operator, the coefficients of a + b and of a & b. */
const BITWISE = { BitwiseAnd: [0, 1], BitwiseOr: [1, -1], BitwiseXor: [1, -2] } as const;

function bitwise(op: keyof typeof BITWISE): Lowering {
  const [ofSum, ofBoth] = BITWISE[op];
  return (context) => {
    const {
      shape,
      activations: [x, y],
      constant: mask,
    } = operandsOf(context);
    const step = ofSum === 0 ? undefined : 'both';
    if (mask === undefined) {
      const both = emitBoth(context, x, y, step);
      if (ofSum === 0) return [both];
      return [
        bounded(
          context,
          context.emit({ op: 'sum', shape, coefficients: [ofSum, ofSum, ofBoth] }, [x, y, both], { type: x.type }),
        ),
      ];
    }
    const both = emitMasked(context, x, mask, step);
    if (ofSum === 0) return [both];
    const sum = context.emit({ op: 'sum', shape, coefficients: [ofSum, ofBoth] }, [x, both], {
      step: 'sum',
      type: x.type,
    });
    return [
      bounded(
        context,
        emitAffine(
          context,
          sum,
          shape,
          filled(shape, 1),
          mask.map((value) => ofSum * value),
        ),
      ),
    ];
  };
}

/** A result that its type holds, though its bounds do not show it. */
function bounded(context: NodeContext, x: Activation): Activation {
  context.assume(x, ...rangeOf(x.type)!);
  return x;
}

export const lowerBitwiseAnd = bitwise('BitwiseAnd');
export const lowerBitwiseOr = bitwise('BitwiseOr');
export const lowerBitwiseXor = bitwise('BitwiseXor');

/** -1 - x of signed integers, the greatest number less x of unsigned ones. */
export const lowerBitwiseNot: Lowering = (context) => {
  const x = context.activation(0);
  const type = integerType(x.type);
  if (type === undefined || (type.width === 64 && !type.signed))
    throw context.unsupported(
      `it flips the bits of integers, unsigned ones of 32 bits or fewer, and its input is of type ${x.type}`,
    );
  const shift = filled(x.shape, type.signed ? -1 : 2 ** type.width - 1);
  return [bounded(context, emitAffine(context, x, x.shape, filled(x.shape, -1), shift))];
};

/**
 * Between a signed and an unsigned integer type of one width; bytes and booleans too. Bits of floats are no function
 * that a circuit has.
 */
export const lowerBitCast: Lowering = (context) => {
  const x = context.activation(0);
  const type = elementType(context.int('to'));
  const known = (of: ElementType) => (of === 'bool' ? { width: 8, signed: false } : integerType(of));
  const [from, to] = [known(x.type), known(type)];
  if (
    from === undefined ||
    to === undefined ||
    from.width !== to.width ||
    from.width === 64 ||
    (type === 'bool' && x.type !== 'bool')
  ) {
    throw context.unsupportedAttribute(
      'to',
      type,
      `of ${x.type} an integer type of the same width is, of 32 bits or fewer`,
    );
  }
  if (from.signed === to.signed) return [{ ...x, type }];
  const size = 2 ** from.width;
  const reached = emitStep(context, x, Float64Array.of(from.signed ? 0 : size / 2), false, 'reached');
  const change = emitAffine(
    context,
    reached,
    x.shape,
    filled(x.shape, -size),
    filled(x.shape, from.signed ? size : 0),
    'change',
  );
  const cast = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, 1] }, [x, change], { type });
  return [bounded(context, cast)];
};

/** Products of beginnings along one dimension, one multiplication each. */
export const lowerCumProd: Lowering = (context) => {
  const x = context.activation(0);
  const [given] = context.integers(1) ?? [];
  if (given === undefined) throw context.shapeError('the axis is missing');
  const axis = context.axis(given, x.shape.length);
  const [exclusive, reverse] = [context.flag('exclusive', false), context.flag('reverse', false)];
  const length = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const lines = sizeOf(x.shape) / Math.max(length, 1);
  const shape = [lines];
  if (sizeOf(x.shape) === 0) throw context.shapeError('there is nothing to multiply');
  const order = (k: number): number => (reverse ? length - 1 - k : k);
  const along = (k: number): Activation => {
    const index = Int32Array.from(
      { length: lines },
      (_, line) => (Math.floor(line / inner) * length + order(k)) * inner + (line % inner),
    );
    return context.emit({ op: 'move', shape, index, constants: new Float64Array() }, [x], { step: `factor${k}` });
  };
  const products: Activation[] = [along(0)];
  for (let k = 1; k < length - Number(exclusive); k += 1)
    products.push(context.emit({ op: 'multiply', shape }, [products[k - 1], along(k)], { step: `product${k}` }));
  const index = new Int32Array(sizeOf(x.shape));
  for (let line = 0; line < lines; line += 1) {
    for (let k = 0; k < length; k += 1) {
      const made = exclusive ? k - 1 : k;
      index[(Math.floor(line / inner) * length + order(k)) * inner + (line % inner)] =
        made < 0 ? -1 : made * lines + line;
    }
  }
  return [context.emit({ op: 'move', shape: x.shape, index, constants: Float64Array.of(1) }, products)];
};

/** Elements to constant powers that differ: small whole ones chosen from repeated products, others by tables. */
export function emitPowers(context: NodeContext, x: Activation, exponents: Float64Array, largest: number): Activation {
  if (!exponents.every((power) => Number.isInteger(power) && power >= 0 && power <= largest)) {
    if (!isFloat(x.type))
      throw context.unsupported(
        `of integers only powers from 0 to ${largest} are supported; cast them to float before`,
      );
    return emitByConstant(context, x, exponents, (part, exponent, step) =>
      emitFunction(context, part, scalarFunction('Pow', { exponent }), step),
    );
  }
  const powers = [x];
  for (let degree = 2; degree <= mostOf(exponents); degree += 1) {
    powers.push(context.emit({ op: 'multiply', shape: x.shape }, [powers[degree - 2], x], { step: `power${degree}` }));
  }
  const size = sizeOf(x.shape);
  const index = Int32Array.from(exponents, (power, i) => (power === 0 ? -1 : (power - 1) * size + i));
  return context.emit({ op: 'move', shape: x.shape, index, constants: Float64Array.of(1) }, powers);
}

/** On constants. */
export const foldBits =
  (combine: (a: bigint, b: bigint) => bigint): Lowering =>
  (context) => [foldBinary(context, (a, b) => Number(combine(BigInt(a), BigInt(b))))];

export const foldBitwiseNot: Lowering = (context): [Constant] => {
  const { type, shape, data } = context.constant(0);
  const known = integerType(type);
  if (known === undefined) throw context.unsupported(`it flips the bits of integers, and its input is of type ${type}`);
  return [
    constant(
      type,
      shape,
      data.map((value) => (known.signed ? -1 - value : 2 ** known.width - 1 - value)),
    ),
  ];
};
