/**
 * Cast and CastLike. Whole numbers take any type, wrapping around where it is narrow; the fractions of reals are cut
 * off by a table.
 */
import { scalarFunction } from '../../network/functions/index.js';
import { isFloat, type Constant, type ElementType } from '../model.js';
import type { Activation } from '../values.js';
import { emitNot, emitStep } from './comparison.js';
import { rangeOf } from '../facts.js';
import { elementType } from '../tensor-data.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { emitFunction } from './functions.js';

/** Bits of magnitude that each integer type holds, and whether it holds negative numbers. */
const INTEGERS: Partial<Record<ElementType, { bits: number; signed: boolean }>> = {
  bool: { bits: 1, signed: false },
  uint8: { bits: 8, signed: false },
  int8: { bits: 7, signed: true },
  uint16: { bits: 16, signed: false },
  int16: { bits: 15, signed: true },
  uint32: { bits: 32, signed: false },
  int32: { bits: 31, signed: true },
  uint64: { bits: 64, signed: false },
  int64: { bits: 63, signed: true },
};

function targetType(context: NodeContext): ElementType {
  context.ignore('saturate', 'round_mode');
  return context.node.op === 'CastLike' ? context.input(1).type : elementType(context.int('to'));
}

/** Numbers to booleans: [x >= 0] - [x > 0] is one at zero alone. */
function toBoolean(context: NodeContext, x: Activation): Activation {
  const reached = emitStep(context, x, Float64Array.of(0), false, 'reached');
  const passed = emitStep(context, x, Float64Array.of(0), true, 'passed');
  const zero = context.emit({ op: 'sum', shape: x.shape, coefficients: [1, -1] }, [reached, passed], { step: 'zero' });
  return emitNot(context, zero);
}

export const lowerCast: Lowering = (context) => {
  const first = context.input(0);
  const type = targetType(context);
  // CastLike of a constant, to the type of an activation.
  if (first.kind === 'constant') return [castConstant(context, first, type)];
  const x = context.activation(0);
  if (isFloat(type) || type === x.type) return [{ ...x, type }];
  if (x.type === 'string') throw context.unsupportedAttribute('to', type, 'strings cannot become numbers here');
  if (type === 'bool') return [toBoolean(context, x)];
  const to = INTEGERS[type];
  if (to === undefined) throw context.unsupportedAttribute('to', type, 'floats, integers and booleans are');
  const from = INTEGERS[x.type];
  // ArgMax positions are int64 by definition, and small whatever a model casts them to.
  const widens = from !== undefined && to.bits >= Math.min(from.bits, 31) && (to.signed || !from.signed);
  if (widens || holds(context, x, type)) return [{ ...x, type }];
  if (isFloat(x.type) && !context.facts(x).whole)
    return [{ ...emitFunction(context, x, scalarFunction('Trunc', {}), 'trunc'), type }];
  throw context.unsupportedAttribute(
    'to',
    type,
    `an activation of type ${x.type} can only become a float or a wider integer, unless it is known to be whole and small`,
  );
};

/** Whether a narrower type holds what is known of the activation, or wraps it around a few times. */
function holds(context: NodeContext, x: Activation, type: ElementType): boolean {
  const { bounds, whole } = context.facts(x);
  const [least, most] = rangeOf(type) ?? [1, 0];
  const reach = FEW_WRAPS * (most - least + 1);
  return whole && bounds.low.every((low) => low >= least - reach) && bounds.high.every((high) => high <= most + reach);
}

const FEW_WRAPS = 64;

function castConstant(context: NodeContext, { shape, data }: Constant, type: ElementType): Constant {
  if (isFloat(type)) return constant(type, shape, type === 'float' ? data.map(Math.fround) : data);
  if (type === 'bool')
    return constant(
      type,
      shape,
      data.map((value) => Number(value !== 0)),
    );
  if (INTEGERS[type] === undefined) throw context.unsupportedAttribute('to', type, 'numbers are');
  return constant(type, shape, data.map(Math.trunc));
}

export const foldCast: Lowering = (context) => [castConstant(context, context.constant(0), targetType(context))];
