/** The table of integer op kinds: one row and one file each. */
import type { IntegerOp, IntegerOpKind } from '../../quantize/integer-model.js';
import type { Emitter } from '../emitter.js';
import { compileAffine } from './affine.js';
import { compileArgMax } from './arg-max.js';
import { compileConv } from './conv.js';
import { compileDense } from './dense.js';
import { compileGroupSum } from './group-sum.js';
import { compileMax } from './max.js';
import { compileMove } from './move.js';
import { compileMultiply } from './multiply.js';
import { compileRequantize } from './requantize.js';
import { compileSum } from './sum.js';

type Table = { readonly [Kind in IntegerOpKind]: (op: Extract<IntegerOp, { kind: Kind }>, at: Emitter) => void };

const TABLE: Table = {
  dense: compileDense,
  conv: compileConv,
  affine: compileAffine,
  groupSum: compileGroupSum,
  max: compileMax,
  move: compileMove,
  sum: compileSum,
  multiply: compileMultiply,
  argMax: compileArgMax,
  requantize: compileRequantize,
};

/** Appends to the netlist what computes this op, and records its rows. */
export function compileOp(op: IntegerOp, at: Emitter): void {
  const compile = TABLE[op.kind] as (op: IntegerOp, at: Emitter) => void;
  compile(op, at);
}
