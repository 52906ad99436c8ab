/** The table of integer op kinds: one row and one file each. */
import type { IntegerOp, IntegerOpKind } from '../../integer/integer-model.js';
import type { Emitter } from '../emitter.js';
import { compileAffine } from './affine.js';
import { compileArgMax } from './arg-max.js';
import { compileConv } from './conv.js';
import { compileDense } from './dense.js';
import { compileGroupSum } from './group-sum.js';
import { compileMatMul } from './matmul.js';
import { compileMax } from './max.js';
import { compileMove } from './move.js';
import { compileMultiply } from './multiply.js';
import { compilePart, readsPart } from './part.js';
import { compileRequantize } from './requantize.js';
import { compileSoftmax } from './softmax.js';
import { compileSquareRoot } from './square-root.js';
import { compileSum } from './sum.js';
import { compileTable, readsDigits } from './table.js';

interface CompiledLayer<Op> {
  /** Appends to the netlist what computes this op, and records its rows. */
  compile(op: Op, at: Emitter): void;
  /**
   * Whether it takes its input, made by `producer` (undefined: a graph input), as binary digits rather than as a value.
   */
  readsDigits(op: Op, producer: IntegerOp | undefined): boolean;
}

/** An op that takes values. */
const byValue = <Op>(compile: (op: Op, at: Emitter) => void): CompiledLayer<Op> => ({
  compile,
  readsDigits: () => false,
});

type Table = { readonly [Kind in IntegerOpKind]: CompiledLayer<Extract<IntegerOp, { kind: Kind }>> };

const TABLE: Table = {
  dense: byValue(compileDense),
  conv: byValue(compileConv),
  affine: byValue(compileAffine),
  groupSum: byValue(compileGroupSum),
  max: byValue(compileMax),
  move: byValue(compileMove),
  sum: byValue(compileSum),
  multiply: byValue(compileMultiply),
  argMax: byValue(compileArgMax),
  requantize: byValue(compileRequantize),
  part: { compile: compilePart, readsDigits: readsPart },
  squareRoot: byValue(compileSquareRoot),
  table: { compile: compileTable, readsDigits },
  softmax: byValue(compileSoftmax),
  matmul: byValue(compileMatMul),
};

/** The row of an op's kind. */
export function compiledLayerOf(op: IntegerOp): CompiledLayer<IntegerOp> {
  return TABLE[op.kind] as CompiledLayer<IntegerOp>;
}
