/**
 * RNN, GRU and LSTM, unrolled: for each step of the sequence the products with the weights, sums, tables and products
 * of the equations in ONNX's specification, as ONNX nodes of their own. Each gate has its own product with its rows of
 * the weights, so that each is cut to a grid of its own, once, as the index of its table.
 *
 * The traps: gates stand in the weights in the order i, o, f, c (LSTM) and z, r, h (GRU), peepholes in the order i, o,
 * f. Sequences shorter than the longest keep their state once they end, and what Y holds after the end is zero; in
 * reverse they begin at their own last step.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { Attribute, Constant } from '../model.js';
import type { Value } from '../values.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { list } from './loops.js';

/** A function of each element, as a step of this name. */
type Activate = (x: Value, step: string) => Value;

/** Applies ONNX operators on behalf of a recurrent node; each result is a step of the name given. */
class Steps {
  constructor(
    private readonly context: NodeContext,
    private readonly prefix: string,
    readonly hidden: number,
  ) {}

  apply(
    op: string,
    inputs: readonly (Value | undefined)[],
    step: string,
    attributes?: Parameters<NodeContext['apply']>[3],
  ): Value {
    return this.context.apply(op, inputs, `${this.prefix}${step}`, attributes)[0];
  }

  /** Rows of one gate in a tensor that holds all gates one after another. */
  gate(value: Value, gate: number, step: string): Value {
    return this.apply('Slice', [value, list(gate * this.hidden), list((gate + 1) * this.hidden), list(0)], step);
  }

  add(a: Value, b: Value | undefined, step: string): Value {
    return b === undefined || isZero(b)
      ? a
      : isZero(a) && a.shape.join() === b.shape.join()
        ? b
        : this.apply('Add', [a, b], step);
  }

  multiply(a: Value, b: Value, step: string): Value {
    return this.apply('Mul', [a, b], step);
  }

  /** x * weights^T + bias; only the bias where x is zero. */
  dense(x: Value, weights: Value, bias: Value | undefined, step: string): Value {
    if (isZero(x)) {
      const zeros = zerosOf(x, [x.shape[0], weights.shape[0]]);
      return bias === undefined ? zeros : this.apply('Add', [zeros, bias], step);
    }
    return this.apply('Gemm', [x, weights, bias], step, { transB: 1 });
  }
}

function isZero(value: Value): value is Constant {
  return value.kind === 'constant' && value.data.every((element) => element === 0);
}

function zerosOf({ type }: Value, shape: readonly number[]): Constant {
  return constant(type, shape, new Float64Array(sizeOf(shape)));
}

/** Parameters of one direction, and its state before the first step. */
interface Direction {
  readonly steps: Steps;
  readonly weights: Value;
  readonly recurrence: Value;
  readonly bias: Value | undefined;
  readonly peepholes: Value | undefined;
  /** Clip, then the activation; in the order f, g, h. */
  readonly activations: readonly Activate[];
}

/** A state: the hidden one, and of an LSTM the cell. */
type State = readonly Value[];
/** Makes the state after a step of what is read and the state before it. Its parameters are cut apart once. */
type Cell = (direction: Direction) => (x: Value, state: State, at: (step: string) => string) => State;

interface Kind {
  readonly gates: number;
  /** Activations unless given. */
  readonly activations: readonly string[];
  /** How many tensors a state has. */
  readonly states: 1 | 2;
  cell(context: NodeContext): Cell;
}

/**
 * Parameters of activations that take some, with the defaults of the operators of their names; NaN where no operator
 * says one.
 */
const ACTIVATIONS: Readonly<Record<string, { readonly op: string; readonly alpha?: number; readonly beta?: number }>> =
  {
    affine: { op: 'Affine', alpha: NaN, beta: NaN },
    elu: { op: 'Elu', alpha: 1 },
    hardsigmoid: { op: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
    leakyrelu: { op: 'LeakyRelu', alpha: 0.01 },
    relu: { op: 'Relu' },
    scaledtanh: { op: 'ScaledTanh', alpha: NaN, beta: NaN },
    sigmoid: { op: 'Sigmoid' },
    softplus: { op: 'Softplus' },
    softsign: { op: 'Softsign' },
    tanh: { op: 'Tanh' },
    thresholdedrelu: { op: 'ThresholdedRelu', alpha: 1 },
  };

const float = (value: number): Attribute => ({ type: 'float', value });

function activate(steps: Steps, op: string, alpha: number, beta: number, x: Value, step: string): Value {
  const number = (value: number): Constant => constant(x.type, [], Float64Array.of(value));
  switch (op) {
    case 'Affine':
      return steps.apply('Add', [steps.apply('Mul', [x, number(alpha)], `${step}/scaled`), number(beta)], step);
    case 'ScaledTanh':
      return steps.apply(
        'Mul',
        [steps.apply('Tanh', [steps.apply('Mul', [x, number(beta)], `${step}/scaled`)], `${step}/tanh`), number(alpha)],
        step,
      );
    case 'HardSigmoid':
      return steps.apply(op, [x], step, { alpha: float(alpha), beta: float(beta) });
    case 'Elu':
    case 'LeakyRelu':
    case 'ThresholdedRelu':
      return steps.apply(op, [x], step, { alpha: float(alpha) });
    case 'Relu':
    case 'Sigmoid':
    case 'Softplus':
    case 'Softsign':
    case 'Tanh':
      return steps.apply(op, [x], step);
    default:
      throw new RangeError(`no activation is called ${op}`);
  }
}

/** The activations of all directions, one after another. Alphas and betas go in order to those that take some. */
function readActivations(context: NodeContext, kind: Kind, directions: number): ((steps: Steps) => Activate)[] {
  const names = context.strings('activations') ?? Array.from({ length: directions }, () => kind.activations).flat();
  if (names.length !== directions * kind.activations.length) {
    throw context.shapeError(`it has ${names.length} activations and needs ${directions * kind.activations.length}`);
  }
  const [alphas, betas] = [
    [...(context.floats('activation_alpha') ?? [])],
    [...(context.floats('activation_beta') ?? [])],
  ];
  const limit = context.has('clip') ? context.float('clip', 0) : undefined;
  return names.map((name, position) => {
    const known = ACTIVATIONS[name.toLowerCase()];
    if (known === undefined)
      throw context.unsupportedAttribute(
        'activations',
        name,
        `${Object.values(ACTIVATIONS)
          .map(({ op }) => op)
          .join(', ')} are`,
      );
    const alpha = known.alpha === undefined ? 0 : (alphas.shift() ?? known.alpha);
    const beta = known.beta === undefined ? 0 : (betas.shift() ?? known.beta);
    if (Number.isNaN(alpha) || Number.isNaN(beta)) {
      throw context.unsupportedAttribute(
        'activations',
        name,
        'it has no defaults, so activation_alpha and activation_beta must say its parameters',
      );
    }
    // onnxruntime clips what gates read; the cell, which the third activation reads, it does not clip.
    const limited = limit !== undefined && limit !== 0 && position % kind.activations.length < 2;
    return (steps) => (x, step) => {
      const bound = (value: number): Constant => constant(x.type, [], Float64Array.of(value));
      const clipped = !limited ? x : steps.apply('Clip', [x, bound(-limit), bound(limit)], `${step}/clipped`);
      return activate(steps, known.op, alpha, beta, clipped, step);
    };
  });
}

/** Weights, recurrence and both biases of each gate. */
function gatesOf(
  { steps, weights, recurrence, bias }: Direction,
  gates: number,
): { readonly w: Value; readonly r: Value; readonly wb?: Value; readonly rb?: Value }[] {
  return Array.from({ length: gates }, (_, gate) => ({
    w: steps.gate(weights, gate, `W${gate}`),
    r: steps.gate(recurrence, gate, `R${gate}`),
    ...(bias === undefined
      ? {}
      : { wb: steps.gate(bias, gate, `Wb${gate}`), rb: steps.gate(bias, gates + gate, `Rb${gate}`) }),
  }));
}

/** W x + R h + Wb + Rb of each gate. */
function preparedGates(direction: Direction, count: number): ((x: Value, h: Value, step: string) => Value)[] {
  const { steps } = direction;
  return gatesOf(direction, count).map(({ w, r, wb, rb }, gate) => {
    const bias = wb === undefined || rb === undefined ? undefined : steps.add(wb, rb, `B${gate}`);
    return (x, h, step) => {
      const read = steps.dense(x, w, bias, `${step}/read`);
      return isZero(h) ? read : steps.add(read, steps.dense(h, r, undefined, `${step}/recurred`), step);
    };
  });
}

const rnn: Kind = {
  gates: 1,
  activations: ['Tanh'],
  states: 1,
  cell: () => (direction) => {
    const [sum] = preparedGates(direction, 1);
    const [f] = direction.activations;
    return (x, [h], at) => [f(sum(x, h, at('sum')), at('hidden'))];
  },
};

const gru: Kind = {
  gates: 3,
  activations: ['Sigmoid', 'Tanh'],
  states: 1,
  cell(context) {
    const linearBeforeReset = context.flag('linear_before_reset', false);
    return (direction) => {
      const {
        steps,
        activations: [f, g],
      } = direction;
      const [update, reset] = preparedGates(direction, 3);
      const { w, r, wb, rb } = gatesOf(direction, 3)[2];
      const bias = wb === undefined || rb === undefined ? undefined : steps.add(wb, rb, 'B2');
      return (x, [h], at) => {
        const z = f(update(x, h, at('update gate/sum')), at('update gate'));
        const hidden = (): Value => {
          // With a state of zeros, only the bias is left of the recurrent part.
          if (isZero(h) && (!linearBeforeReset || rb === undefined || isZero(rb)))
            return steps.dense(x, w, bias, at('hidden gate/sum'));
          const gate = f(reset(x, h, at('reset gate/sum')), at('reset gate'));
          if (linearBeforeReset) {
            const recurred = steps.multiply(
              gate,
              steps.dense(h, r, rb, at('hidden gate/recurred')),
              at('hidden gate/reset'),
            );
            return steps.add(steps.dense(x, w, wb, at('hidden gate/read')), recurred, at('hidden gate/sum'));
          }
          const recurred = steps.dense(
            steps.multiply(gate, h, at('hidden gate/reset')),
            r,
            undefined,
            at('hidden gate/recurred'),
          );
          return steps.add(steps.dense(x, w, bias, at('hidden gate/read')), recurred, at('hidden gate/sum'));
        };
        const candidate = g(hidden(), at('hidden gate'));
        return [mix(steps, candidate, h, z, at('hidden'))];
      };
    };
  },
};

/** (1 - share) * a + share * b, by one product an element. */
function mix(steps: Steps, a: Value, b: Value, share: Value, step: string): Value {
  if (isZero(b)) {
    const one = constant(share.type, [], Float64Array.of(1));
    return steps.multiply(steps.apply('Sub', [one, share], `${step}/share`), a, step);
  }
  const difference = steps.apply('Sub', [b, a], `${step}/difference`);
  return steps.add(a, steps.multiply(share, difference, `${step}/kept`), step);
}

const lstm: Kind = {
  gates: 4,
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  states: 2,
  cell(context) {
    const coupled = context.flag('input_forget', false);
    return (direction) => {
      const {
        steps,
        peepholes,
        activations: [f, g, h],
      } = direction;
      const [inputGate, outputGate, forgetGate, cellGate] = preparedGates(direction, 4);
      const peep = peepholes === undefined ? [] : [0, 1, 2].map((gate) => steps.gate(peepholes, gate, `P${gate}`));
      const peeped = (sum: Value, gate: number, cell: Value, step: string): Value =>
        peep.length === 0 || isZero(cell)
          ? sum
          : steps.add(sum, steps.multiply(cell, peep[gate], `${step}/peephole`), `${step}/peeped`);
      return (x, [before, cell], at) => {
        const i = f(peeped(inputGate(x, before, at('input gate/sum')), 0, cell, at('input gate')), at('input gate'));
        const candidate = g(cellGate(x, before, at('cell gate/sum')), at('cell gate'));
        const next = (): Value => {
          if (isZero(cell)) return steps.multiply(i, candidate, at('cell'));
          if (coupled) return mix(steps, cell, candidate, i, at('cell'));
          const keep = f(
            peeped(forgetGate(x, before, at('forget gate/sum')), 2, cell, at('forget gate')),
            at('forget gate'),
          );
          return steps.add(
            steps.multiply(keep, cell, at('cell/kept')),
            steps.multiply(i, candidate, at('cell/read')),
            at('cell'),
          );
        };
        const after = next();
        const o = f(
          peeped(outputGate(x, before, at('output gate/sum')), 1, after, at('output gate')),
          at('output gate'),
        );
        return [steps.multiply(o, h(after, at('cell activation')), at('hidden')), after];
      };
    };
  },
};

/** Inputs: X, W, R, B, sequence_lens, initial_h and, of an LSTM, initial_c and P. */
function recurrent(kind: Kind): Lowering {
  return (context) => {
    const batchFirst = context.flag('layout', false);
    // Before opset 7 this said whether Y was wanted.
    context.ignore('output_sequence');
    const given = context.input(0);
    const [weights, recurrence] = [context.input(1), context.input(2)];
    if ([given, weights, recurrence].some(({ shape }) => shape.length !== 3))
      throw context.shapeError('X, W and R must have three dimensions');
    const [directions, rows, hidden] = recurrence.shape;
    const names = { forward: [false], reverse: [true], bidirectional: [false, true] }[
      context.string('direction', 'forward')
    ];
    if (names === undefined)
      throw context.unsupportedAttribute(
        'direction',
        context.string('direction', ''),
        'forward, reverse and bidirectional are',
      );
    if (
      directions !== names.length ||
      rows !== kind.gates * hidden ||
      weights.shape[0] !== directions ||
      weights.shape[1] !== rows
    ) {
      throw context.shapeError(
        `W should be [${names.length}, ${kind.gates} * hidden, inputs] and R [${names.length}, ${kind.gates} * hidden, hidden]`,
      );
    }
    if (context.int('hidden_size', hidden) !== hidden)
      throw context.shapeError(`hidden_size is ${context.int('hidden_size')} and R has ${hidden}`);
    const x = batchFirst ? context.apply('Transpose', [given], 'X', { perm: [1, 0, 2] })[0] : given;
    const [length, batch, inputs] = x.shape;
    if (length === 0) throw context.shapeError('X has no steps');
    if (weights.shape[2] !== inputs)
      throw context.shapeError(`X has ${inputs} inputs a step and W ${weights.shape[2]}`);
    const lengths = context.integers(4) ?? new Array<number>(batch).fill(length);
    if (lengths.length !== batch || lengths.some((steps) => steps < 0 || steps > length))
      throw context.shapeError('sequence_lens does not fit X');
    const activations = readActivations(context, kind, directions);
    const cell = kind.cell(context);
    const pick = (value: Value | undefined, direction: number, axis: number, step: string): Value | undefined =>
      value === undefined
        ? undefined
        : context.apply('Gather', [value, constant('int64', [], Float64Array.of(direction))], step, { axis })[0];
    const initial = (position: number, direction: number): Value =>
      pick(context.inputs[position], direction, batchFirst ? 1 : 0, `initial ${position}/${direction}`) ??
      zerosOf(x, [batch, hidden]);
    const runs = names.map((reverse, direction) => {
      const prefix = directions === 1 ? '' : reverse ? 'reverse/' : 'forward/';
      const steps = new Steps(context, prefix, hidden);
      const of = (position: number): Value | undefined =>
        pick(context.inputs[position], direction, 0, `${prefix}parameters ${position}`);
      const run = cell({
        steps,
        weights: of(1) as Value,
        recurrence: of(2) as Value,
        bias: of(3),
        peepholes: kind.states === 2 ? of(7) : undefined,
        activations: activations
          .slice(direction * kind.activations.length, (direction + 1) * kind.activations.length)
          .map((made) => made(steps)),
      });
      const state = [initial(5, direction), ...(kind.states === 2 ? [initial(6, direction)] : [])];
      return unroll(run, steps, x, state, lengths, reverse);
    });
    const states = Array.from({ length: kind.states }, (_, k) => {
      const last = runs.map(
        ({ state }, i) => context.apply('Unsqueeze', [state[k], list(batchFirst ? 1 : 0)], `Y${k}/${i}`)[0],
      );
      return last.length === 1 ? last[0] : context.apply('Concat', last, `Y${k}`, { axis: batchFirst ? 1 : 0 })[0];
    });
    // Nothing reads Y: another value stands in its place among the outputs.
    if (!context.node.outputs[0]) return [states[0], ...states];
    // Of each direction [steps, batch, hidden]; together [steps, directions, batch, hidden], or the batch in front.
    const raised = runs.map(({ made }, i) => {
      const parts = made.map((h, step) => context.apply('Unsqueeze', [h, list(0)], `Y/${i}/${step}`)[0]);
      const sequence = context.apply('Concat', parts, `Y/${i}`, { axis: 0 })[0];
      return context.apply('Unsqueeze', [sequence, list(1)], `Y/${i}/direction`)[0];
    });
    const all = raised.length === 1 ? raised[0] : context.apply('Concat', raised, 'Y', { axis: 1 })[0];
    return [
      batchFirst ? context.apply('Transpose', [all], 'Y/batch first', { perm: [2, 0, 1, 3] })[0] : all,
      ...states,
    ];
  };
}

/** One direction: the hidden state at each position of the sequence, and the state after the last step. */
function unroll(
  run: ReturnType<Cell>,
  steps: Steps,
  x: Value,
  initial: State,
  lengths: readonly number[],
  reverse: boolean,
): { readonly made: readonly Value[]; readonly state: State } {
  const [length, batch, inputs] = x.shape;
  const hidden = initial[0].shape[1];
  let state = initial;
  const results: Value[] = [];
  for (let step = 0; step < length; step += 1) {
    const at = (name: string): string => `${step}/${name}`;
    const positions = lengths.map((own) => (step < own ? (reverse ? own - 1 - step : step) : step));
    const read = atPositions(steps, x, positions, at('X'));
    const next = run(steps.apply('Reshape', [read, list(batch, inputs)], at('x')), state, at);
    state = next.map((after, k) => keepEnded(steps, after, state[k], lengths, step, at(`state ${k}`)));
    results.push(keepEnded(steps, next[0], zerosOf(x, [batch, hidden]), lengths, step, at('Y')));
  }
  if (!reverse) return { made: results, state };
  if (results.length === 0) return { made: [], state };
  if (lengths.every((own) => own === length)) return { made: results.reverse(), state };
  const all = steps.apply(
    'Concat',
    results.map((h, i) => steps.apply('Unsqueeze', [h, list(0)], `${i}/made`)),
    'made',
    { axis: 0 },
  );
  const made = results.map((_, position) => {
    const from = lengths.map((own) => (position < own ? own - 1 - position : position));
    return steps.apply(
      'Reshape',
      [atPositions(steps, all, from, `${position}/turned`), list(batch, hidden)],
      `${position}/Y`,
    );
  });
  return { made, state };
}

/** [1, batch, inputs]: for each element of the batch what stands at its own position of the sequence. */
function atPositions(steps: Steps, x: Value, positions: readonly number[], step: string): Value {
  const slice = (position: number, name: string): Value =>
    steps.apply('Slice', [x, list(position), list(position + 1), list(0)], name);
  if (positions.every((position) => position === positions[0])) return slice(positions[0] ?? 0, step);
  const parts = positions.map((position, b) =>
    steps.apply('Slice', [slice(position, `${step}/${b}/position`), list(b), list(b + 1), list(1)], `${step}/${b}`),
  );
  return steps.apply('Concat', parts, step, { axis: 1 });
}

/** `before` where the sequence has ended. */
function keepEnded(
  steps: Steps,
  after: Value,
  before: Value,
  lengths: readonly number[],
  step: number,
  name: string,
): Value {
  if (lengths.every((own) => step < own)) return after;
  const running = constant(
    'bool',
    [lengths.length, 1],
    Float64Array.from(lengths, (own) => Number(step < own)),
  );
  return steps.apply('Where', [running, after, before], name);
}

export const lowerRnn: Lowering = recurrent(rnn);
export const lowerGru: Lowering = recurrent(gru);
export const lowerLstm: Lowering = recurrent(lstm);
