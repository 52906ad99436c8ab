/**
 * What a user chooses of a model: numbers for the dimensions that its file leaves open, inputs that are constants, and
 * which of its outputs are computed. A dimension that has a name is the same wherever the file names it.
 */
import { showShape, type Shape } from '../tensor/shape.js';
import { ShapeError, UnknownTensorError } from './errors.js';
import type { Dimension, OnnxModel, ValueInfo, ProvedTo } from './model.js';

/** The shape of one graph input. */
export interface InputShape {
  readonly name: string;
  readonly shape: Shape;
}

/** A graph input that is the same in every run: the circuit holds it to these elements. */
export interface FixedInput {
  readonly name: string;
  readonly values: readonly number[];
}

export interface ModelChoice {
  /** Of inputs with open dimensions. */
  readonly shapes?: readonly InputShape[];
  /** Names of the outputs that are wanted; all of them unless given. */
  readonly outputs?: readonly string[];
  /** Inputs that are constants, such as one that decides the shape of a result. */
  readonly fixed?: readonly FixedInput[];
  /** Default: to the scores before a softmax, and to the results of a sigmoid. */
  readonly provedTo?: ProvedTo;
}

/**
 * The model with these input shapes, constants and outputs alone, in the file's order.
 * @throws UnknownTensorError where the model has no input or output of a name
 * @throws ShapeError where a shape contradicts the file or another shape, or an input is fixed twice
 */
export function chooseFrom(
  model: OnnxModel,
  { shapes = [], outputs, fixed: constants = [], provedTo }: ModelChoice,
): OnnxModel {
  const given = new Map<string, Shape>();
  for (const { name, shape } of shapes) {
    if (given.has(name)) throw new ShapeError(`The shape of input ${name} is given twice.`);
    given.set(name, shape);
  }
  const known = new Map<string, number>();
  const chosen = model.inputs.map((info) => {
    const shape = given.get(info.name);
    given.delete(info.name);
    return shape === undefined ? info : { ...info, dimensions: withShape(info, shape, known) };
  });
  const [unknown] = given.keys();
  if (unknown !== undefined) throw noInput(model, unknown, 'whose shape is given');
  const values = new Map<string, readonly number[]>();
  for (const one of constants) {
    if (model.inputs.every(({ name }) => name !== one.name)) throw noInput(model, one.name, 'which is to be fixed');
    if (values.has(one.name)) throw new ShapeError(`Input ${one.name} is fixed twice.`);
    values.set(one.name, one.values);
  }
  return {
    ...model,
    inputs: chosen.map((info) => ({
      ...info,
      dimensions: info.dimensions?.map((dimension) =>
        typeof dimension === 'string' ? (known.get(dimension) ?? dimension) : dimension,
      ),
      ...(values.has(info.name) ? { fixed: values.get(info.name) } : {}),
    })),
    outputs: outputs === undefined ? model.outputs : wanted(model, outputs),
    ...(provedTo === undefined ? {} : { provedTo }),
  };
}

function noInput({ inputs }: OnnxModel, name: string, what: string): UnknownTensorError {
  return new UnknownTensorError(
    `The model has no input ${name}, ${what}. Its inputs are ${inputs.map((input) => input.name).join(', ')}.`,
  );
}

function withShape({ name, dimensions }: ValueInfo, shape: Shape, known: Map<string, number>): readonly Dimension[] {
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 1))
    throw new ShapeError(
      `The shape given for input ${name}, ${showShape(shape)}, is not one of whole numbers above 0.`,
    );
  if (dimensions === undefined) return shape;
  if (dimensions.length !== shape.length) {
    throw new ShapeError(
      `The shape given for input ${name}, ${showShape(shape)}, has ${shape.length} dimensions, and the file says ${dimensions.length}.`,
    );
  }
  dimensions.forEach((dimension, axis) => {
    if (typeof dimension === 'number' && dimension > 0 && dimension !== shape[axis]) {
      throw new ShapeError(
        `The shape given for input ${name}, ${showShape(shape)}, has ${shape[axis]} in dimension ${axis}, which the file fixes to ${dimension}.`,
      );
    }
    if (typeof dimension !== 'string') return;
    if ((known.get(dimension) ?? shape[axis]) !== shape[axis]) {
      throw new ShapeError(
        `The shapes given make the dimension ${dimension} both ${known.get(dimension)} and ${shape[axis]}; it is the same wherever the file names it.`,
      );
    }
    known.set(dimension, shape[axis]);
  });
  return shape;
}

function wanted({ outputs }: OnnxModel, names: readonly string[]): readonly ValueInfo[] {
  if (names.length === 0) throw new UnknownTensorError('No output is chosen, so there would be nothing to prove.');
  for (const name of names) {
    if (outputs.every((output) => output.name !== name)) {
      throw new UnknownTensorError(
        `The model has no output ${name}. Its outputs are ${outputs.map((output) => output.name).join(', ')}.`,
      );
    }
  }
  return outputs.filter(({ name }) => names.includes(name));
}

/**
 * A shape as it is written on the command line: `input=1,3,224,224`; only the numbers where the model has one input.
 * The numbers stand behind the last equals sign, so that a name may hold one.
 * @throws ShapeError where the text is no shape, UnknownTensorError where it lacks a name
 */
export function parseInputShape(text: string, inputs: readonly Pick<ValueInfo, 'name'>[]): InputShape {
  const at = text.lastIndexOf('=');
  const numbers = text.slice(at + 1).trim();
  const shape =
    numbers === '' ? [] : numbers.split(/[,x×]/).map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : NaN));
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw new ShapeError(`'${text}' is no shape: give a name and whole numbers above 0, as in input=1,3,224,224.`);
  }
  if (at >= 0) return { name: text.slice(0, at), shape };
  if (inputs.length !== 1)
    throw new UnknownTensorError(
      `'${text}' does not say which input it is of: give NAME=${text}. The inputs are ${inputs.map(({ name }) => name).join(', ')}.`,
    );
  return { name: inputs[0].name, shape };
}

/**
 * A constant as it is written on the command line, `steps=4` or `sizes=1,2,8`: its numbers; without them, `undefined`
 * for "as the calibration data say". The numbers stand behind the last equals sign, so that a name may hold one.
 * @throws ShapeError where what stands there are no numbers
 */
export function parseFixedInput(text: string): { readonly name: string; readonly values?: readonly number[] } {
  const at = text.lastIndexOf('=');
  if (at < 0) return { name: text };
  const numbers = text.slice(at + 1).trim();
  const values =
    numbers === '' ? [] : numbers.split(',').map((number) => (number.trim() === '' ? NaN : Number(number)));
  if (!values.every(Number.isFinite))
    throw new ShapeError(`'${text}' gives no value: name an input and its numbers, as in steps=4 or sizes=1,2,8.`);
  return { name: text.slice(0, at), values };
}
