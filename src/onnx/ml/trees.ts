/**
 * TreeEnsembleClassifier, TreeEnsembleRegressor and TreeEnsemble. A comparison of a feature with a threshold is one
 * step, whatever number of nodes ask it; from the root of each tree down, the bit that says whether a node is on the
 * path is multiplied with its comparison: one constraint for each node below the root. The comparisons of one feature
 * are one gadget (`circuits/Thresholds.circom`): one constraint for each threshold and some 30 for the feature, an
 * input that is only compared having 16 bits; a single one costs 17 or 18. What the leaves weigh is then one dense
 * layer. Exact as far as the input's 16 bits tell its values from the thresholds.
 *
 * The semantics of binary classifiers are those of onnxruntime, since the specification leaves them open.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { Activation } from '../values.js';
import { emitAffine } from '../ops/arithmetic.js';
import { emitStep } from '../ops/comparison.js';
import type { Lowering, NodeContext } from '../ops/context.js';
import { readNodeLists, readSplitLists, numbers, type Branch, type Ensemble, type Leaf } from './ensemble.js';
import {
  asRows,
  checkedTransform,
  emitAbove,
  emitLargest,
  emitSecondClass,
  labelCount,
  POST_TRANSFORMS,
  readLabels,
  readTransform,
  withTransform,
  type Labels,
} from './scores.js';

/** Weights of all leaves for all targets, so that a tiny file cannot ask for more memory than there is. */
const MOST_WEIGHTS = 2 ** 25;

/** A bit that is one where feature >= threshold, or > where strict. */
interface Comparison {
  readonly feature: number;
  readonly threshold: number;
  readonly strict: boolean;
}

/** offset + sum of sign * answer */
interface Condition {
  readonly offset: number;
  readonly terms: readonly { readonly question: number; readonly sign: number }[];
}

/** Different questions, each once. */
class Questions {
  readonly asked: Comparison[] = [];
  private readonly positions = new Map<string, number>();

  of(feature: number, threshold: number, strict: boolean): number {
    const key = `${feature} ${threshold} ${strict}`;
    const known = this.positions.get(key);
    if (known !== undefined) return known;
    this.positions.set(key, this.asked.length);
    return this.asked.push({ feature, threshold, strict }) - 1;
  }

  /** [feature = value], with a sign. */
  equal(feature: number, value: number, sign: number): Condition['terms'] {
    return [
      { question: this.of(feature, value, false), sign },
      { question: this.of(feature, value, true), sign: -sign },
    ];
  }
}

function conditionOf({ feature, threshold, mode, members }: Branch, questions: Questions): Condition {
  const one = (strict: boolean, sign: number): Condition['terms'] => [
    { question: questions.of(feature, threshold, strict), sign },
  ];
  switch (mode) {
    case 'BRANCH_LEQ':
      return { offset: 1, terms: one(true, -1) };
    case 'BRANCH_LT':
      return { offset: 1, terms: one(false, -1) };
    case 'BRANCH_GTE':
      return { offset: 0, terms: one(false, 1) };
    case 'BRANCH_GT':
      return { offset: 0, terms: one(true, 1) };
    case 'BRANCH_EQ':
      return { offset: 0, terms: questions.equal(feature, threshold, 1) };
    case 'BRANCH_NEQ':
      return { offset: 1, terms: questions.equal(feature, threshold, -1) };
    case 'BRANCH_MEMBER':
      return { offset: 0, terms: [...new Set(members)].flatMap((member) => questions.equal(feature, member, 1)) };
  }
}

/** The branches of one depth, of all trees; each knows where its parent's path stands. */
interface Level {
  readonly branches: readonly Branch[];
  /**
   * For each branch its place among the tops of the level above: true sides first, then false sides. Empty for the
   * roots.
   */
  readonly from: readonly number[];
}

/** What leads to a leaf: place `at` among the 2 n ends of a level with n branches, true sides first. */
interface End {
  readonly level: number;
  readonly at: number;
  readonly leaf: Leaf;
}

function arrange({ nodes, roots }: Ensemble): { levels: Level[]; ends: End[]; constant: Leaf[] } {
  const levels: Level[] = [];
  const ends: End[] = [];
  const constant = roots.map((root) => nodes[root]).filter((node) => node.kind === 'leaf');
  let level: { branches: Branch[]; from: number[] } = {
    branches: roots.map((root) => nodes[root]).filter((node) => node.kind === 'branch'),
    from: [],
  };
  while (level.branches.length > 0) {
    const next: { branches: Branch[]; from: number[] } = { branches: [], from: [] };
    const count = level.branches.length;
    level.branches.forEach(({ whenTrue, whenFalse }, i) => {
      for (const [child, at] of [
        [whenTrue, i],
        [whenFalse, count + i],
      ]) {
        const node = nodes[child];
        if (node.kind === 'leaf') ends.push({ level: levels.length, at, leaf: node });
        else {
          next.branches.push(node);
          next.from.push(at);
        }
      }
    });
    levels.push(level);
    level = next;
  }
  return { levels, ends, constant };
}

/** Picks columns of [N, ...] matrices that stand one after the other: column c of N rows of `widths`. */
function pickColumns(
  context: NodeContext,
  inputs: readonly Activation[],
  columns: readonly (readonly [input: number, column: number])[],
  step: string,
): Activation {
  const rows = inputs[0].shape[0];
  const starts = inputs.reduce<number[]>((all, { shape }) => [...all, all[all.length - 1] + sizeOf(shape)], [0]);
  const index = new Int32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    columns.forEach(([input, column], i) => {
      index[row * columns.length + i] = starts[input] + row * inputs[input].shape[1] + column;
    });
  }
  return context.emit({ op: 'move', shape: [rows, columns.length], index, constants: new Float64Array() }, inputs, {
    step,
    type: 'float',
  });
}

/** `values` for each row again. */
function forRows(rows: number, values: readonly number[]): Float64Array {
  return Float64Array.from({ length: rows * values.length }, (_, i) => values[i % values.length]);
}

function emitAnswers(
  context: NodeContext,
  x: Activation,
  questions: readonly Comparison[],
  strict: boolean,
): Activation | undefined {
  const chosen = questions.filter((question) => question.strict === strict);
  if (chosen.length === 0) return undefined;
  const name = strict ? 'above' : 'reached';
  const features = pickColumns(
    context,
    [x],
    chosen.map(({ feature }) => [0, feature]),
    `${name}/features`,
  );
  return emitStep(
    context,
    features,
    forRows(
      x.shape[0],
      chosen.map(({ threshold }) => threshold),
    ),
    strict,
    name,
  );
}

function emitConditions(
  context: NodeContext,
  answers: readonly Activation[],
  places: readonly (readonly [number, number])[],
  conditions: readonly Condition[],
  step: string,
): Activation {
  const rows = answers[0].shape[0];
  const terms = conditions.flatMap((condition) => condition.terms);
  const picked = pickColumns(
    context,
    answers,
    terms.map(({ question }) => places[question]),
    `${step}/answers`,
  );
  const signs = forRows(
    rows,
    terms.map(({ sign }) => sign),
  );
  const offsets = forRows(
    rows,
    conditions.map(({ offset }) => offset),
  );
  if (conditions.every((condition) => condition.terms.length === 1))
    return emitAffine(context, picked, picked.shape, signs, offsets, step);
  const signed = emitAffine(context, picked, picked.shape, signs, new Float64Array(signs.length), `${step}/signed`);
  const ends = new Uint32Array(rows * conditions.length + 1);
  for (let i = 0; i + 1 < ends.length; i++) ends[i + 1] = ends[i] + conditions[i % conditions.length].terms.length;
  const groups = { offsets: ends, indices: Uint32Array.from({ length: rows * terms.length }, (_, i) => i) };
  const shape = [rows, conditions.length];
  const sum = context.emit({ op: 'mean', shape, groups, divisors: new Float64Array(sizeOf(shape)).fill(1) }, [signed], {
    step: `${step}/sum`,
  });
  return emitAffine(context, sum, shape, new Float64Array(offsets.length).fill(1), offsets, step);
}

/**
 * The bits that say which leaf of each tree a row falls into, [N, leaves], and what stands at those leaves; no
 * activation where all trees are leaves.
 */
function emitLeaves(
  context: NodeContext,
  x: Activation,
  ensemble: Ensemble,
): { bits?: Activation; leaves: Leaf[]; constant: Leaf[] } {
  const { levels, ends, constant } = arrange(ensemble);
  if (levels.length === 0) return { leaves: [], constant };
  const questions = new Questions();
  const conditions = levels.map(({ branches }) => branches.map((branch) => conditionOf(branch, questions)));
  const outside = questions.asked.find(
    ({ feature }) => !Number.isInteger(feature) || feature < 0 || feature >= x.shape[1],
  );
  if (outside !== undefined) throw context.shapeError(`a tree asks for feature ${outside.feature} of ${x.shape[1]}`);
  const answers = [true, false].map((strict) => emitAnswers(context, x, questions.asked, strict));
  const present = answers.filter((answer) => answer !== undefined);
  const counts = [0, 0];
  const places = questions.asked.map(({ strict }): [number, number] => {
    const kind = strict ? 0 : 1;
    return [answers[0] === undefined ? 0 : kind, counts[kind]++];
  });
  const sides: Activation[] = [];
  levels.forEach(({ branches, from }, depth) => {
    const asked = emitConditions(context, present, places, conditions[depth], `depth${depth}/asked`);
    const shape = [x.shape[0], branches.length];
    if (depth === 0) {
      sides.push(
        asked,
        emitAffine(
          context,
          asked,
          shape,
          new Float64Array(sizeOf(shape)).fill(-1),
          new Float64Array(sizeOf(shape)).fill(1),
          `depth${depth}/false`,
        ),
      );
      return;
    }
    const above = levels[depth - 1].branches.length;
    const path = pickColumns(
      context,
      sides.slice(-2),
      from.map((at) => (at < above ? [0, at] : [1, at - above])),
      `depth${depth}/path`,
    );
    const whenTrue = context.emit({ op: 'multiply', shape }, [path, asked], { step: `depth${depth}/true` });
    sides.push(
      whenTrue,
      context.emit({ op: 'sum', shape, coefficients: [1, -1] }, [path, whenTrue], { step: `depth${depth}/false` }),
    );
  });
  const columns = ends.map(({ level, at }): [number, number] => {
    const count = levels[level].branches.length;
    return at < count ? [2 * level, at] : [2 * level + 1, at - count];
  });
  return { bits: pickColumns(context, sides, columns, 'leaves'), leaves: ends.map(({ leaf }) => leaf), constant };
}

/** Sums over all trees, [N, targets]; `scale` multiplies them, `base` is added. */
function emitSums(
  context: NodeContext,
  x: Activation,
  ensemble: Ensemble,
  targets: number,
  scale: number,
  base: readonly number[],
): Activation {
  // Before anything is made of so many: their number is the file's word alone.
  const shape = context.bounded([x.shape[0], targets]);
  const { bits, leaves, constant } = emitLeaves(context, x, ensemble);
  const bias = Float64Array.from({ length: targets }, (_, target) => base[target] ?? 0);
  const check = (target: number): number => {
    if (!Number.isInteger(target) || target < 0 || target >= targets)
      throw context.shapeError(`a leaf weighs target ${target} of ${targets}`);
    return target;
  };
  for (const leaf of constant) for (const { target, weight } of leaf.weights) bias[check(target)] += scale * weight;
  if (bits === undefined) {
    const none = new Float64Array(sizeOf(shape));
    const spread = pickColumns(
      context,
      [x],
      Array.from({ length: targets }, () => [0, 0]),
      'rows',
    );
    return emitAffine(context, spread, shape, none, forRows(shape[0], Array.from(bias)), 'sums');
  }
  if (targets * leaves.length > MOST_WEIGHTS)
    throw context.unsupported(`${targets} targets of ${leaves.length} leaves are more than ${MOST_WEIGHTS} weights`);
  context.boundWork(shape[0] * targets * leaves.length);
  const weight = new Float64Array(targets * leaves.length);
  leaves.forEach((leaf, l) => {
    for (const entry of leaf.weights) weight[check(entry.target) * leaves.length + l] += scale * entry.weight;
  });
  const fields = {
    op: 'dense',
    shape,
    rows: shape[0],
    inFeatures: leaves.length,
    outFeatures: targets,
    weight,
    bias,
  } as const;
  return { ...context.emit(fields, [bits], { step: 'sums' }), type: 'float' };
}

/** For each target the least or greatest weight of the leaves that the trees end in. */
function emitExtremes(
  context: NodeContext,
  x: Activation,
  ensemble: Ensemble,
  targets: number,
  sign: 1 | -1,
): Activation {
  context.bounded([x.shape[0], targets]);
  const each = ensemble.roots.map((root) => ({ root, targets: new Set<number>() }));
  for (const tree of each) {
    const pending = [tree.root];
    while (pending.length > 0) {
      const node = ensemble.nodes[pending.pop() as number];
      if (node.kind === 'leaf') for (const { target } of node.weights) tree.targets.add(target);
      else pending.push(node.whenTrue, node.whenFalse);
    }
  }
  if (each.some((tree) => tree.targets.size !== 1))
    throw context.unsupported('its least or greatest leaf is taken over trees that have leaves of several targets');
  const trees = each.length;
  // One column for each tree, then the extreme over the columns of each target.
  const apart: Ensemble = { ...ensemble, nodes: ensemble.nodes.slice() };
  const owner = new Map<Leaf, number>();
  each.forEach(({ root }, tree) => {
    const pending = [root];
    while (pending.length > 0) {
      const at = pending.pop() as number;
      const node = apart.nodes[at];
      if (node.kind === 'branch') pending.push(node.whenTrue, node.whenFalse);
      else {
        if (owner.has(node) && owner.get(node) !== tree) throw context.unsupported('two of its trees share a leaf');
        owner.set(node, tree);
        (apart.nodes as (Leaf | Branch)[])[at] = {
          kind: 'leaf',
          weights: node.weights.map(({ weight }) => ({ target: tree, weight: sign * weight })),
        };
      }
    }
  });
  const values = emitSums(context, x, apart, trees, 1, []);
  const rows = x.shape[0];
  const members = Array.from({ length: targets }, (_, target) =>
    each.flatMap((tree, k) => (tree.targets.has(target) ? [k] : [])),
  );
  if (members.some((columns) => columns.length === 0)) throw context.unsupported('a target has no tree');
  const offsets = new Uint32Array(rows * targets + 1);
  const indices: number[] = [];
  for (let i = 0; i < rows * targets; i++) {
    for (const column of members[i % targets]) indices.push(Math.floor(i / targets) * trees + column);
    offsets[i + 1] = indices.length;
  }
  const shape = [rows, targets];
  const most = context.emit({ op: 'max', shape, groups: { offsets, indices: Uint32Array.from(indices) } }, [values], {
    step: 'extremes',
  });
  return sign > 0
    ? most
    : emitAffine(
        context,
        most,
        shape,
        new Float64Array(sizeOf(shape)).fill(-1),
        new Float64Array(sizeOf(shape)),
        'least',
      );
}

type Aggregate = 'AVERAGE' | 'SUM' | 'MIN' | 'MAX';
const AGGREGATES: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

function emitTargets(
  context: NodeContext,
  x: Activation,
  ensemble: Ensemble,
  targets: number,
  aggregate: Aggregate,
  base: readonly number[],
): Activation {
  switch (aggregate) {
    case 'SUM':
      return emitSums(context, x, ensemble, targets, 1, base);
    case 'AVERAGE':
      return emitSums(context, x, ensemble, targets, 1 / Math.max(1, ensemble.roots.length), base);
    case 'MIN':
    case 'MAX': {
      const extremes = emitExtremes(context, x, ensemble, targets, aggregate === 'MAX' ? 1 : -1);
      if (base.length === 0) return extremes;
      const shape = extremes.shape;
      return emitAffine(
        context,
        extremes,
        shape,
        new Float64Array(sizeOf(shape)).fill(1),
        forRows(
          shape[0],
          Array.from({ length: targets }, (_, k) => base[k] ?? 0),
        ),
        'base',
      );
    }
  }
}

export const lowerTreeEnsembleRegressor: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const name = context.string('aggregate_function', 'SUM');
  const aggregate = AGGREGATES.find((known) => known === name);
  if (aggregate === undefined)
    throw context.unsupportedAttribute('aggregate_function', name, `${AGGREGATES.join(', ')} are`);
  const sums = emitTargets(
    context,
    x,
    readNodeLists(context, 'target'),
    context.int('n_targets', 1),
    aggregate,
    numbers(context, 'base_values') ?? [],
  );
  return [withTransform(context, sums, readTransform(context))];
};

export const lowerTreeEnsemble: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const number = context.int('aggregate_function', 1);
  const aggregate = AGGREGATES[number];
  if (aggregate === undefined) throw context.unsupportedAttribute('aggregate_function', number, '0 to 3 are');
  const sums = emitTargets(context, x, readSplitLists(context), context.int('n_targets', 1), aggregate, []);
  const transform = checkedTransform(context, POST_TRANSFORMS[context.int('post_transform', 0)] ?? 'unknown');
  return [withTransform(context, { ...sums, type: x.type }, transform)];
};

/** Outputs: the label of each row, and the scores. */
export const lowerTreeEnsembleClassifier: Lowering = (context) => {
  const x = asRows(context, context.activation(0));
  const labels = readLabels(context, 'classlabels_strings', 'classlabels_int64s');
  const transform = readTransform(context);
  const base = numbers(context, 'base_values') ?? [];
  const ensemble = readNodeLists(context, 'class');
  const classes = labelCount(labels);
  const weights = ensemble.nodes.flatMap((node) => (node.kind === 'leaf' ? node.weights : []));
  const described = { labels, transform, base, allPositive: weights.every(({ weight }) => weight >= 0) };
  if (classes === 2) return binary(context, x, ensemble, described);
  if (base.length === 0 && !described.allPositive && !everyPathNames(ensemble, classes)) {
    throw context.unsupported(
      'some of its paths name no weight for a class while weights are negative: which label is then right is not specified',
    );
  }
  const scores = emitSums(context, x, ensemble, classes, 1, base);
  return [emitLargest(context, scores, labels), withTransform(context, scores, transform)];
};

/** Whether each of the first `classes` targets has a tree of which every leaf weighs it. */
function everyPathNames({ nodes, roots }: Ensemble, classes: number): boolean {
  const covered = new Set<number>();
  for (const root of roots) {
    let common: Set<number> | undefined;
    const pending = [root];
    while (pending.length > 0) {
      const node = nodes[pending.pop() as number];
      if (node.kind === 'branch') pending.push(node.whenTrue, node.whenFalse);
      else {
        const here = new Set(node.weights.map(({ target }) => target));
        common = common === undefined ? here : new Set([...common].filter((target) => here.has(target)));
      }
    }
    for (const target of common ?? []) covered.add(target);
  }
  return Array.from({ length: classes }, (_, target) => covered.has(target)).every(Boolean);
}

interface Described {
  readonly labels: Labels;
  readonly transform: ReturnType<typeof readTransform>;
  readonly base: readonly number[];
  readonly allPositive: boolean;
}

/**
 * Two classes, as onnxruntime decides them. Weights of one class alone are one score s: a probability against one half
 * where none is negative, a margin against zero otherwise; of the first class, the scores are made from s; of the
 * second, the first class's score is 0. Where both have weights, the second class's score against zero is what the
 * label says.
 */
function binary(
  context: NodeContext,
  x: Activation,
  ensemble: Ensemble,
  { labels, transform, base, allPositive }: Described,
): ReturnType<Lowering> {
  if (base.length > 1)
    throw context.unsupported(
      'it has two base values for two classes, which the specification leaves open; one is supported',
    );
  const named = new Set(
    ensemble.nodes.flatMap((node) => (node.kind === 'leaf' ? node.weights.map(({ target }) => target) : [])),
  );
  const threshold = named.size === 1 && allPositive ? 0.5 : 0;
  if (named.size === 1 && named.has(0)) {
    const score = emitSums(context, x, ensemble, 1, 1, base);
    const label = emitAbove(context, score, threshold, labels);
    const both = emitSecondClass(context, score, allPositive && transform !== 'LOGISTIC' ? 1 : 0);
    return [label, transform === 'LOGISTIC' ? withTransform(context, both, transform) : both];
  }
  if (named.size > 1 && !everyPathNames(ensemble, 2))
    throw context.unsupported('some of its paths name no weight for one of its two classes');
  const scores = emitSums(context, x, ensemble, 2, 1, named.has(0) ? base : []);
  const second = pickColumns(context, [scores], [[0, 1]], 'second');
  return [emitAbove(context, second, threshold, labels), withTransform(context, scores, transform)];
}
