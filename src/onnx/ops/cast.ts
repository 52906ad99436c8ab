/** Cast and CastLike. Activations may be widened or made float; rounding one to an integer type is refused. */
import { isFloat, type ElementType } from '../model.js';
import { elementType } from '../tensor-data.js';
import { constant, type Lowering, type NodeContext } from './context.js';

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

export const lowerCast: Lowering = (context) => {
  const x = context.activation(0);
  const type = targetType(context);
  const from = INTEGERS[x.type];
  const to = INTEGERS[type];
  // ArgMax positions are int64 by definition, and small whatever a model casts them to.
  const widens = from !== undefined && to !== undefined && to.bits >= Math.min(from.bits, 31) && (to.signed || !from.signed);
  if (!isFloat(type) && type !== x.type && !widens) {
    throw context.unsupportedAttribute('to', type, `an activation of type ${x.type} can only become a float or a wider integer`);
  }
  return [{ ...x, type }];
};

export const foldCast: Lowering = (context) => {
  const { shape, data } = context.constant(0);
  const type = targetType(context);
  if (isFloat(type)) return [constant(type, shape, type === 'float' ? data.map(Math.fround) : data)];
  if (type === 'bool') return [constant(type, shape, data.map((value) => Number(value !== 0)))];
  if (INTEGERS[type] === undefined) throw context.unsupportedAttribute('to', type, 'numbers are');
  return [constant(type, shape, data.map(Math.trunc))];
};
