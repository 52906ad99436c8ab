/**
 * ai.onnx.ml operators on labels: ZipMap, LabelEncoder, CategoryMapper. Strings are positions among known labels (see
 * values.ts); what has no label becomes the default.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { Constant, ElementType } from '../model.js';
import type { Activation } from '../values.js';
import type { Lowering, NodeContext } from '../ops/context.js';
import { emitLookup } from '../ops/lookup.js';

/** A map from labels to scores is, for a proof, the scores in the labels' order; who reads them knows the labels. */
export const lowerZipMap: Lowering = (context) => {
  const x = context.activation(0);
  const labels = context.strings('classlabels_strings') ?? context.ints('classlabels_int64s')?.map(String);
  if (labels === undefined) throw context.shapeError('its class labels are missing');
  if (labels.length !== x.shape[x.shape.length - 1]) throw context.shapeError(`it has ${labels.length} labels`);
  context.note(
    `ZipMap ${context.node.name} is left out: the output is the row of scores, in the order of the classes.`,
  );
  return [{ ...x, labels }];
};

type Kind = 'string' | 'int64' | 'float' | 'double' | 'int16';

interface Column {
  readonly kind: Kind;
  readonly values: readonly (string | number)[];
}

function columnOf({ type, data, labels }: Constant): Column {
  if (type === 'string') return { kind: 'string', values: Array.from(data, (position) => (labels ?? [])[position]) };
  return { kind: type as Kind, values: Array.from(data) };
}

function readColumn(context: NodeContext, name: 'keys' | 'values'): Column {
  const tensor = context.tensor(`${name}_tensor`);
  if (tensor !== undefined) return columnOf(tensor);
  const [strings, integers, floats] = [
    context.strings(`${name}_strings`),
    context.ints(`${name}_int64s`),
    context.floats(`${name}_floats`),
  ];
  if (strings !== undefined) return { kind: 'string', values: strings };
  if (integers !== undefined) return { kind: 'int64', values: integers };
  if (floats !== undefined) return { kind: 'float', values: floats };
  throw context.shapeError(`its ${name} are missing`);
}

function readDefault(context: NodeContext, kind: Kind): string | number {
  const tensor = context.tensor('default_tensor');
  const [text, integer, real] = [
    context.string('default_string', '_Unused'),
    context.int('default_int64', -1),
    context.float('default_float', -0),
  ];
  if (tensor !== undefined) return columnOf(tensor).values[0];
  return kind === 'string' ? text : kind === 'int64' || kind === 'int16' ? integer : real;
}

/**
 * Elements of x as numbers: keys that are strings become positions among x's labels, those it cannot be are dropped.
 */
function translate(
  context: NodeContext,
  x: Activation,
  keys: Column,
  values: Column,
  otherwise: string | number,
): Activation {
  const labels =
    values.kind === 'string' ? [...new Set([...(values.values as string[]), otherwise as string])] : undefined;
  const number = (value: string | number): number =>
    labels === undefined ? (value as number) : labels.indexOf(value as string);
  const pairs = new Map<number, number>();
  keys.values.forEach((key, j) => {
    const position = keys.kind === 'string' ? (x.labels ?? []).indexOf(key as string) : (key as number);
    if ((keys.kind !== 'string' || position >= 0) && !pairs.has(position))
      pairs.set(position, number(values.values[j]));
  });
  const type: ElementType = values.kind;
  const found = emitLookup(context, x, [...pairs.keys()], [...pairs.values()], number(otherwise), type);
  return { ...found, type, labels };
}

/** Version 1 lists the strings alone; since version 2 keys and values, in version 4 as tensors too. */
export const lowerLabelEncoder: Lowering = (context) => {
  const x = context.activation(0);
  if (context.opset < 2) {
    const classes = context.strings('classes_strings') ?? [];
    const [text, integer] = [context.string('default_string', '_Unused'), context.int('default_int64', -1)];
    const [names, numbers]: [Column, Column] = [
      { kind: 'string', values: classes },
      { kind: 'int64', values: classes.map((_, i) => i) },
    ];
    return [
      x.type === 'string'
        ? translate(context, x, names, numbers, integer)
        : translate(context, x, numbers, names, text),
    ];
  }
  const [keys, values] = [readColumn(context, 'keys'), readColumn(context, 'values')];
  if (keys.values.length !== values.values.length) throw context.shapeError('it has not as many values as keys');
  if ((keys.kind === 'string') !== (x.type === 'string'))
    throw context.shapeError(`its keys are of type ${keys.kind} and its input of type ${x.type}`);
  return [translate(context, x, keys, values, readDefault(context, values.kind))];
};

/** Strings to integers or back. */
export const lowerCategoryMapper: Lowering = (context) => {
  const x = context.activation(0);
  const [strings, integers] = [context.strings('cats_strings') ?? [], context.ints('cats_int64s') ?? []];
  const [text, integer] = [context.string('default_string', '_Unused'), context.int('default_int64', -1)];
  if (strings.length !== integers.length) throw context.shapeError('it has not as many strings as integers');
  const [names, numbers]: [Column, Column] = [
    { kind: 'string', values: strings },
    { kind: 'int64', values: integers },
  ];
  return [
    x.type === 'string' ? translate(context, x, names, numbers, integer) : translate(context, x, numbers, names, text),
  ];
};

/** The class of each row as its label: a string's position, or the integer itself. `at` holds positions of classes. */
export function emitClassLabels(
  context: NodeContext,
  at: Activation,
  strings: readonly string[] | undefined,
  integers: readonly number[] | undefined,
): Activation {
  if (strings !== undefined) return { ...at, type: 'string', labels: strings };
  const labels = integers ?? [];
  if (labels.every((label, k) => label === k) || sizeOf(at.shape) === 0) return { ...at, type: 'int64' };
  const keys = labels.map((_, k) => k);
  return { ...emitLookup(context, at, keys, labels, 0, 'int64'), type: 'int64' };
}
