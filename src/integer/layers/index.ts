/** Every kind of integer op, one row each: one without a row does not compile. */
import { affine, type IntegerAffine } from './affine.js';
import { argMax, type IntegerArgMax } from './arg-max.js';
import { conv, type IntegerConv } from './conv.js';
import { dense, type IntegerDense } from './dense.js';
import { groupSum, type IntegerGroupSum } from './group-sum.js';
import { matmul, type IntegerMatMul } from './matmul.js';
import { max, type IntegerMax } from './max.js';
import { move, type IntegerMove } from './move.js';
import { multiply, type IntegerMultiply } from './multiply.js';
import { part, type IntegerPart } from './part.js';
import { requantize, type IntegerRequantize } from './requantize.js';
import { softmax, type IntegerSoftmax } from './softmax.js';
import { squareRoot, type IntegerSquareRoot } from './square-root.js';
import { sum, type IntegerSum } from './sum.js';
import { table, type IntegerTable } from './table.js';
import type { IntegerLayer } from '../layer.js';

export type {
  IntegerAffine,
  IntegerArgMax,
  IntegerConv,
  IntegerDense,
  IntegerGroupSum,
  IntegerMatMul,
  IntegerMax,
  IntegerMove,
  IntegerMultiply,
  IntegerPart,
  IntegerRequantize,
  IntegerSoftmax,
  IntegerSquareRoot,
  IntegerSum,
  IntegerTable,
};

export type IntegerOp =
  | IntegerDense
  | IntegerConv
  | IntegerAffine
  | IntegerGroupSum
  | IntegerMax
  | IntegerMove
  | IntegerSum
  | IntegerMultiply
  | IntegerArgMax
  | IntegerRequantize
  | IntegerPart
  | IntegerSquareRoot
  | IntegerTable
  | IntegerSoftmax
  | IntegerMatMul;

export type IntegerOpKind = IntegerOp['kind'];

/** What the specification says of each kind. */
export const INTEGER_LAYERS: { readonly [Kind in IntegerOpKind]: IntegerLayer<Extract<IntegerOp, { kind: Kind }>> } = {
  dense,
  conv,
  affine,
  groupSum,
  max,
  move,
  sum,
  multiply,
  argMax,
  requantize,
  part,
  squareRoot,
  table,
  softmax,
  matmul,
};
