/**
 * Loop and Scan, unrolled: the body is lowered once a round. A Loop whose condition is computed runs all its rounds,
 * and those after the condition became false leave what is carried as it was; what it collects would then have no fixed
 * length and is not supported.
 */
import { sizeOf } from '../../tensor/shape.js';
import { ModelTooLargeError } from '../errors.js';
import type { OnnxGraph } from '../model.js';
import type { Value } from '../values.js';
import { constant, type Lowering, type NodeContext } from './context.js';

/** Most rounds of one loop. */
const MAX_ROUNDS = 2 ** 14;

export const scalarOf = (type: 'int64' | 'bool' | 'float', value: number): Value =>
  constant(type, [], Float64Array.of(value));
export const list = (...values: readonly number[]): Value =>
  constant('int64', [values.length], Float64Array.from(values));

function one(context: NodeContext, value: Value, what: string): Value {
  if (sizeOf(value.shape) !== 1) throw context.shapeError(`${what} must be one value`);
  return { ...value, shape: [] };
}

/** The results of all rounds joined along a new axis. `before` is the shape of one, needed where there are none. */
function stack(context: NodeContext, parts: readonly Value[], axis: number, step: string): Value {
  const shape = parts[0].shape;
  if (parts.some((part) => part.shape.join() !== shape.join()))
    throw context.shapeError(`${step} has another shape in each round`);
  const raised = parts.map((part, i) => context.apply('Unsqueeze', [part, list(axis)], `${step}/${i}`)[0]);
  return context.apply('Concat', raised, step, { axis })[0];
}

/** What a loop without rounds collects: no elements, of the shape that the body says. */
function nothing(context: NodeContext, { outputs }: OnnxGraph, position: number): Value {
  const { name, type, dimensions } = outputs[position];
  const known = dimensions?.every((dimension): dimension is number => typeof dimension === 'number')
    ? dimensions
    : undefined;
  if (known === undefined)
    throw context.unsupported(`it has no rounds, and the file does not say which shape ${name} has`);
  return constant(type, [0, ...(known as number[])], new Float64Array());
}

export const lowerLoop: Lowering = (context) => {
  const most = tripCount(context);
  const body = context.graph('body');
  let carried = context.inputs.slice(2).map((_, i) => context.input(i + 2));
  const collected: Value[][] = Array.from({ length: Math.max(0, body.outputs.length - 1 - carried.length) }, () => []);
  let running = context.inputs[1] === undefined ? scalarOf('bool', 1) : one(context, context.input(1), 'the condition');
  let computed = running.kind === 'activation';
  for (let round = 0; round < most; round += 1) {
    if (running.kind === 'constant' && running.data[0] === 0) break;
    if (round >= MAX_ROUNDS)
      throw new ModelTooLargeError(
        `${context.label}: it has ${most === Infinity ? 'no limit of rounds' : `${most} rounds`}, and more than ${MAX_ROUNDS} cannot be unrolled.`,
      );
    if (running.kind === 'activation' && most === Infinity) {
      throw context.unsupported(
        "its condition is computed from the network's inputs and it has no limit of rounds; give it one (its first input)",
      );
    }
    const [next, ...results] = context.subgraph('body', [scalarOf('int64', round), running, ...carried]);
    if (results.length < carried.length)
      throw context.shapeError('its body makes fewer values than it carries from round to round');
    carried = carried.map((before, i) =>
      running.kind === 'constant' ? results[i] : choose(context, running, results[i], before, `round ${round}/${i}`),
    );
    results.slice(carried.length).forEach((value, i) => collected[i].push(value));
    const continues = one(context, next, 'the condition');
    running = both(context, running, continues, `round ${round}/condition`);
    computed ||= running.kind === 'activation';
  }
  // What it collects has no fixed length then, and is an error where it is read.
  if (computed) return carried;
  const first = 1 + carried.length;
  return [
    ...carried,
    ...collected.map((parts, i) =>
      parts.length === 0 ? nothing(context, body, first + i) : stack(context, parts, 0, `collected ${i}`),
    ),
  ];
};

function tripCount(context: NodeContext): number {
  if (context.inputs[0] === undefined) return Infinity;
  const [count, ...more] = context.integers(0) as number[];
  if (count === undefined || more.length > 0) throw context.shapeError('the number of rounds must be one value');
  return count;
}

function choose(context: NodeContext, running: Value, after: Value, before: Value, step: string): Value {
  if (after.shape.join() !== before.shape.join())
    throw context.unsupported('its condition is computed and what it carries changes its shape');
  if (after.kind === 'activation' && before.kind === 'activation' && after.tensor === before.tensor) return after;
  return context.apply('Where', [running, after, before], step)[0];
}

/** Whether the next round runs. */
function both(context: NodeContext, running: Value, continues: Value, step: string): Value {
  if (running.kind === 'constant' || (continues.kind === 'constant' && continues.data[0] === 0)) return continues;
  if (continues.kind === 'constant' || continues.tensor === running.tensor) return running;
  return context.apply('And', [running, continues], step)[0];
}

export const lowerScan: Lowering = (context) => (context.opset < 9 ? scanBatches(context) : scanOnce(context));

function scanOnce(context: NodeContext): readonly Value[] {
  const values = context.allInputs();
  const count = scanInputs(context, values.length);
  const states = values.slice(0, values.length - count);
  const scanned = values.slice(values.length - count);
  const givenAxes = context.ints('scan_input_axes') ?? scanned.map(() => 0);
  const backwards = context.ints('scan_input_directions') ?? scanned.map(() => 0);
  const outputs = context.graph('body').outputs.length - states.length;
  const outputAxes = context.ints('scan_output_axes') ?? new Array<number>(Math.max(0, outputs)).fill(0);
  const outputBackwards = context.ints('scan_output_directions') ?? new Array<number>(Math.max(0, outputs)).fill(0);
  if (givenAxes.length !== count || backwards.length !== count)
    throw context.shapeError('scan_input_axes and scan_input_directions need an entry for each scanned input');
  if (outputAxes.length !== outputs || outputBackwards.length !== outputs)
    throw context.shapeError('scan_output_axes and scan_output_directions need an entry for each collected output');
  const axes = givenAxes.map((axis, i) => context.axis(axis, scanned[i].shape.length));
  const { length } = roundsOf(context, scanned, axes);
  return scan(context, { states, scanned, axes, backwards, length, outputAxes, outputBackwards, step: '' });
}

function scanInputs(context: NodeContext, inputs: number): number {
  const count = context.int('num_scan_inputs');
  if (count === undefined || count < 1 || count > inputs)
    throw context.shapeError('num_scan_inputs must say how many of its inputs are scanned');
  return count;
}

function roundsOf(
  context: NodeContext,
  scanned: readonly Value[],
  axes: readonly number[],
): { readonly length: number } {
  const lengths = new Set(scanned.map(({ shape }, i) => shape[axes[i]]));
  if (lengths.size !== 1)
    throw context.shapeError(`its scanned inputs have different lengths: ${[...lengths].join(', ')}`);
  return { length: [...lengths][0] };
}

interface ScanOptions {
  readonly states: readonly Value[];
  readonly scanned: readonly Value[];
  readonly axes: readonly number[];
  /** 1: from the end to the beginning. */
  readonly backwards: readonly number[];
  readonly length: number;
  readonly outputAxes: readonly number[];
  readonly outputBackwards: readonly number[];
  /** Begins the names of its steps. */
  readonly step: string;
}

/** The last states, then what each round made. */
function scan(
  context: NodeContext,
  { states, scanned, axes, backwards, length, outputAxes, outputBackwards, step }: ScanOptions,
): readonly Value[] {
  if (length > MAX_ROUNDS)
    throw new ModelTooLargeError(
      `${context.label}: it has ${length} rounds, and more than ${MAX_ROUNDS} cannot be unrolled.`,
    );
  let carried = states;
  const collected: Value[][] = outputAxes.map(() => []);
  for (let round = 0; round < length; round += 1) {
    const parts = scanned.map((value, i) => {
      const position = backwards[i] === 0 ? round : length - 1 - round;
      return context.apply('Gather', [value, scalarOf('int64', position)], `${step}round ${round}/input ${i}`, {
        axis: axes[i],
      })[0];
    });
    const results = context.subgraph('body', [...carried, ...parts]);
    if (results.length !== states.length + outputAxes.length)
      throw context.shapeError('its body makes another number of values than it carries and collects');
    carried = results.slice(0, states.length);
    collected.forEach((list, i) => list.push(results[states.length + i]));
  }
  const body = context.graph('body');
  const joined = collected.map((parts, i) => {
    if (parts.length === 0) return nothing(context, body, states.length + i);
    const rank = parts[0].shape.length + 1;
    const ordered = outputBackwards[i] === 0 ? parts : [...parts].reverse();
    return stack(context, ordered, context.axis(outputAxes[i], rank), `${step}collected ${i}`);
  });
  return [...carried, ...joined];
}

/** Before opset 9 all values have a batch dimension in front, and a first input may say how long each sequence is. */
function scanBatches(context: NodeContext): readonly Value[] {
  const values = context.inputs.slice(1).map((_, i) => context.input(i + 1));
  const count = scanInputs(context, values.length);
  const stateCount = values.length - count;
  const [batch] = values[0].shape;
  if (batch === undefined || batch < 1 || values.some(({ shape }) => shape[0] !== batch))
    throw context.shapeError('its values need one batch dimension in front');
  const scanned = values.slice(stateCount);
  if (scanned.some(({ shape }) => shape.length < 2))
    throw context.shapeError('its scanned inputs need a dimension of the sequence');
  const { length } = roundsOf(
    context,
    scanned,
    scanned.map(() => 1),
  );
  const lengths = context.integers(0) ?? new Array<number>(batch).fill(length);
  if (lengths.length !== batch || lengths.some((rounds) => rounds < 0 || rounds > length))
    throw context.shapeError('its sequence lengths do not fit its inputs');
  const backwards = context.ints('directions') ?? scanned.map(() => 0);
  if (backwards.length !== count) throw context.shapeError('directions needs an entry for each scanned input');
  const outputs = context.graph('body').outputs.length - stateCount;
  const zeros = new Array<number>(Math.max(0, outputs)).fill(0);
  const results = lengths.map((rounds, b) => {
    const of = (value: Value, i: number): Value =>
      context.apply('Gather', [value, scalarOf('int64', b)], `batch ${b}/${i}`, { axis: 0 })[0];
    const own = values.map(of);
    const cut = own.map((value, i) =>
      i < stateCount || rounds === length
        ? value
        : context.apply('Slice', [value, list(0), list(rounds), list(0)], `batch ${b}/cut ${i}`)[0],
    );
    const made = scan(context, {
      states: cut.slice(0, stateCount),
      scanned: cut.slice(stateCount),
      axes: scanned.map(() => 0),
      backwards,
      length: rounds,
      outputAxes: zeros,
      outputBackwards: zeros,
      step: `batch ${b}/`,
    });
    return made.map((value, i) =>
      i < stateCount || rounds === length ? value : padded(context, value, length - rounds, `batch ${b}/padded ${i}`),
    );
  });
  return results[0].map((_, i) =>
    stack(
      context,
      results.map((made) => made[i]),
      0,
      `batches ${i}`,
    ),
  );
}

/** Zeros after a sequence that is shorter than the longest. */
function padded(context: NodeContext, value: Value, count: number, step: string): Value {
  const shape = [count, ...value.shape.slice(1)];
  return context.apply(
    'Concat',
    [value, constant(value.type, context.bounded(shape), new Float64Array(sizeOf(shape)))],
    step,
    { axis: 0 },
  )[0];
}
