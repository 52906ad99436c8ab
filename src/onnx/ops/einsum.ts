/**
 * Einsum: each operand brought into the order [kept in both, its own, summed over], then products of matrices, one
 * operand after the other. A label is summed over as soon as no later operand and no output has it.
 */
import { reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { expandView, identityView, reshapeView, transposeView } from '../../tensor/views.js';
import type { Value } from '../values.js';
import { filled, requireNumeric } from './arithmetic.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { matrixProduct } from './matmul.js';
import { moveValue } from './moving.js';

/** A value with a label for each of its dimensions, all different. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Stands for the dimensions of an ellipsis, the last first: `...0`, `...1`. */
const ELLIPSIS = '...';

interface Equation {
  readonly terms: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function parse(context: NodeContext, values: readonly Value[]): Equation {
  const equation = context.string('equation', '').replace(/\s+/g, '');
  const [left, right, more] = equation.split('->');
  const texts = left.split(',');
  const malformed = () => context.shapeError(`the equation ${equation} does not fit its ${values.length} inputs`);
  if (more !== undefined || texts.length !== values.length) throw malformed();
  const split = (text: string): string[] | undefined =>
    /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(text) ? (text.match(/\.\.\.|[A-Za-z]/g) ?? []) : undefined;
  let widest = 0;
  const terms = texts.map((text, i) => {
    const labels = split(text);
    const spare = values[i].shape.length - (labels?.filter((label) => label !== ELLIPSIS).length ?? 0);
    if (labels === undefined || spare < 0 || (spare > 0 && !labels.includes(ELLIPSIS))) throw malformed();
    widest = Math.max(widest, spare);
    return labels.flatMap((label) => (label === ELLIPSIS ? ellipsis(spare) : [label]));
  });
  const all = terms.flat();
  // Without an arrow: the ellipsis, then all labels that stand once, in alphabetical order.
  const implied = [
    ...ellipsis(widest),
    ...[...new Set(all)]
      .filter((label) => !label.startsWith(ELLIPSIS) && all.indexOf(label) === all.lastIndexOf(label))
      .sort(),
  ];
  const named =
    right === undefined ? implied : split(right)?.flatMap((label) => (label === ELLIPSIS ? ellipsis(widest) : [label]));
  if (named === undefined || new Set(named).size < named.length || named.some((label) => !all.includes(label)))
    throw malformed();
  return { terms, output: named };
}

function ellipsis(dimensions: number): string[] {
  return Array.from({ length: dimensions }, (_, i) => `${ELLIPSIS}${dimensions - 1 - i}`);
}

export const lowerEinsum: Lowering = (context) => {
  const values = context.allInputs();
  requireNumeric(context, values);
  const { terms, output } = parse(context, values);
  const sizes = new Map<string, number>();
  terms.forEach((labels, i) =>
    labels.forEach((label, axis) => {
      const [size, known] = [values[i].shape[axis], sizes.get(label) ?? 1];
      if (size !== known && size !== 1 && known !== 1)
        throw context.shapeError(`dimension ${label} has ${known} and ${size} elements`);
      sizes.set(label, Math.max(size, known));
    }),
  );
  const operands = values.map((value, i) => plain(context, value, terms[i], sizes, i));
  const last = operands.slice(1).reduce((left, right, i) => {
    const later = new Set([...terms.slice(i + 2).flat(), ...output]);
    return contract(
      context,
      summed(context, left, new Set([...later, ...right.labels]), i),
      summed(context, right, new Set([...later, ...left.labels]), i + 1),
      later,
      sizes,
      i,
    );
  }, operands[0]);
  const { value, labels } = summed(context, last, new Set(output), operands.length);
  const ordered = moveValue(
    context,
    value,
    (view) =>
      transposeView(
        view,
        output.map((label) => labels.indexOf(label)),
      ),
    {},
  );
  return [ordered];
};

/** Diagonals taken where a label stands twice, and dimensions of 1 repeated to their label's size. */
function plain(
  context: NodeContext,
  value: Value,
  labels: readonly string[],
  sizes: ReadonlyMap<string, number>,
  i: number,
): Labelled {
  const distinct = [...new Set(labels)];
  const size = (label: string): number => sizes.get(label) as number;
  if (distinct.length === labels.length && labels.every((label, axis) => value.shape[axis] === size(label)))
    return { value, labels };
  const shape = distinct.map(size);
  const wide = labels.map(size);
  const moved = moveValue(
    context,
    value,
    (view) => {
      const full = expandView(view, wide);
      const coordinates = identityView(shape).index;
      const index = Int32Array.from(coordinates, (at) => {
        const along = new Map(
          distinct.map((label, axis) => [label, Math.floor(at / sizeOf(shape.slice(axis + 1))) % shape[axis]]),
        );
        return full.index[
          labels.reduce((position, label, axis) => position * wide[axis] + (along.get(label) as number), 0)
        ];
      });
      return { shape, index };
    },
    { step: `operand${i + 1}` },
  );
  return { value: moved, labels: distinct };
}

/** The operand summed over all labels but those needed. */
function summed(context: NodeContext, { value, labels }: Labelled, needed: ReadonlySet<string>, i: number): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  const kept = labels.filter((label) => needed.has(label));
  const shape = value.shape.filter((_, axis) => !axes.includes(axis));
  const groups = reductionGroups(value.shape, axes);
  if (value.kind === 'activation') {
    return {
      value: context.emit({ op: 'mean', shape, groups, divisors: filled(shape, 1) }, [value], { step: `sum${i + 1}` }),
      labels: kept,
    };
  }
  const { data } = value;
  const sums = Float64Array.from({ length: sizeOf(shape) }, (_, g) =>
    groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]).reduce((sum, at) => sum + data[at], 0),
  );
  return { value: constant(value.type, shape, sums), labels: kept };
}

/** The product of two operands, summed over what only they have. */
function contract(
  context: NodeContext,
  a: Labelled,
  b: Labelled,
  needed: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
  i: number,
): Labelled {
  const size = (labels: readonly string[]): number =>
    labels.reduce((product, label) => product * (sizes.get(label) as number), 1);
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const arrange = (
    { value, labels }: Labelled,
    order: readonly string[],
    shape: readonly number[],
    step: string,
  ): Value =>
    moveValue(
      context,
      value,
      (view) =>
        reshapeView(
          transposeView(
            view,
            order.map((label) => labels.indexOf(label)),
          ),
          shape,
        ),
      { step },
    );
  const left = arrange(a, [...batch, ...rows, ...inner], [size(batch), size(rows), size(inner)], `left${i + 1}`);
  const right = arrange(
    b,
    [...batch, ...inner, ...columns],
    [size(batch), size(inner), size(columns)],
    `right${i + 1}`,
  );
  const labels = [...batch, ...rows, ...columns];
  const shape = labels.map((label) => sizes.get(label) as number);
  return { value: { ...matrixProduct(context, left, right, `product${i + 1}`), shape }, labels };
}
