/** Det of small square matrices: Laplace's expansion, each minor of the lower rows computed once. */
import { sizeOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering } from './context.js';

/** n 2^(n - 1) products a matrix. */
const LARGEST = 8;

export const lowerDet: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const rank = x.shape.length;
  const n = x.shape[rank - 1];
  if (rank < 2 || x.shape[rank - 2] !== n) throw context.shapeError('its matrices must be square');
  if (n < 1 || n > LARGEST) throw context.unsupported(`its matrices have ${n} rows; 1 to ${LARGEST} are supported`);
  const shape = x.shape.slice(0, -2);
  const matrices = sizeOf(shape);
  const entry = (row: number, column: number): Activation =>
    context.emit(
      {
        op: 'move',
        shape,
        index: Int32Array.from({ length: matrices }, (_, m) => (m * n + row) * n + column),
        constants: new Float64Array(),
      },
      [x],
      { step: `x${row}${column}` },
    );
  /** Minors of the rows from `row` on, by the columns that they keep. */
  let minors = new Map<string, Activation>(
    Array.from({ length: n }, (_, column) => [String(column), entry(n - 1, column)]),
  );
  for (let row = n - 2; row >= 0; row -= 1) {
    const next = new Map<string, Activation>();
    for (const columns of subsets(n, n - row)) {
      const terms = columns.map((column) => {
        const minor = minors.get(columns.filter((other) => other !== column).join()) as Activation;
        return context.emit({ op: 'multiply', shape }, [entry(row, column), minor], {
          step: `m${row}${columns.join('')}/${column}`,
        });
      });
      const last = row === 0;
      next.set(
        columns.join(),
        context.emit(
          { op: 'sum', shape, coefficients: terms.map((_, k) => (k % 2 === 0 ? 1 : -1)) },
          terms,
          last ? {} : { step: `m${row}${columns.join('')}` },
        ),
      );
    }
    minors = next;
  }
  return [[...minors.values()][0]];
};

/** Ascending lists of `size` of the numbers below n. */
function subsets(n: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: Math.max(0, n - from) }, (_, i) => from + i).flatMap((first) =>
    subsets(n, size - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
