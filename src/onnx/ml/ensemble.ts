/**
 * Ensembles of decision trees as the file lists them, in one form for all three operators: TreeEnsembleClassifier and
 * TreeEnsembleRegressor (parallel lists with one entry for each node) and TreeEnsemble (interior nodes and leaves in
 * lists of their own, since version 5).
 *
 * The trap: the lists are untrusted. Every node must have one parent at most, or a walk from the root would not end.
 */
import type { NodeContext } from '../ops/context.js';
import { MalformedModelError } from '../errors.js';

export interface Leaf {
  readonly kind: 'leaf';
  /** What the leaf adds to each target that it names. */
  readonly weights: readonly { readonly target: number; readonly weight: number }[];
}

export interface Branch {
  readonly kind: 'branch';
  readonly feature: number;
  readonly mode: BranchMode;
  readonly threshold: number;
  /** For MEMBER: the values that the feature is looked for among. */
  readonly members: readonly number[];
  /** Positions in `Ensemble.nodes`. */
  readonly whenTrue: number;
  readonly whenFalse: number;
}

/** x <= t, x < t, x >= t, x > t, x = t, x != t, x in a set; in the order of TreeEnsemble's numbers for them. */
export const BRANCH_MODES = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
  'BRANCH_MEMBER',
] as const;
export type BranchMode = (typeof BRANCH_MODES)[number];

export interface Ensemble {
  readonly nodes: readonly (Leaf | Branch)[];
  readonly roots: readonly number[];
}

/** The lists `nodes_*` and `<prefix>_*`, of which the ids name a target or a class. */
export function readNodeLists(context: NodeContext, prefix: 'class' | 'target'): Ensemble {
  context.ignore('nodes_hitrates', 'nodes_hitrates_as_tensor', 'nodes_missing_value_tracks_true');
  const ids = context.ints('nodes_nodeids') ?? [];
  const list = (name: string): readonly number[] => requireLength(context, name, context.ints(name), ids.length);
  const [trees, features, trueIds, falseIds] = [
    'nodes_treeids',
    'nodes_featureids',
    'nodes_truenodeids',
    'nodes_falsenodeids',
  ].map(list);
  const thresholds = requireLength(context, 'nodes_values', numbers(context, 'nodes_values'), ids.length);
  const modes = context.strings('nodes_modes') ?? [];
  if (modes.length !== ids.length) throw context.shapeError('nodes_modes should have one entry for each node');
  const key = (tree: number, id: number): string => `${tree}/${id}`;
  const positions = new Map(ids.map((id, i) => [key(trees[i], id), i]));
  if (positions.size !== ids.length) throw new MalformedModelError(`${context.label}: two of its nodes have one id.`);
  const weights = readWeights(context, prefix, (tree, id) => positions.get(key(tree, id)));
  const child = (i: number, id: number): number => {
    const position = positions.get(key(trees[i], id));
    if (position === undefined)
      throw new MalformedModelError(
        `${context.label}: node ${ids[i]} of tree ${trees[i]} has child ${id}, which does not exist.`,
      );
    return position;
  };
  const nodes = ids.map((_, i): Leaf | Branch => {
    if (modes[i] === 'LEAF') return { kind: 'leaf', weights: weights.get(i) ?? [] };
    const mode = BRANCH_MODES.find((known) => known === modes[i]);
    if (mode === undefined || mode === 'BRANCH_MEMBER')
      throw context.unsupportedAttribute(
        'nodes_modes',
        modes[i],
        `${BRANCH_MODES.slice(0, 6).join(', ')} and LEAF are`,
      );
    return {
      kind: 'branch',
      feature: features[i],
      mode,
      threshold: thresholds[i],
      members: [],
      whenTrue: child(i, trueIds[i]),
      whenFalse: child(i, falseIds[i]),
    };
  });
  const children = new Set(nodes.flatMap((node) => (node.kind === 'branch' ? [node.whenTrue, node.whenFalse] : [])));
  const ensemble = checked(context, { nodes, roots: firstsOf(context, trees) });
  requireFirstsAreRoots(context, ensemble, trees, children);
  return ensemble;
}

/** The first node listed of each tree. */
function firstsOf(context: NodeContext, trees: readonly number[]): number[] {
  const firsts = new Map<number, number>();
  trees.forEach((tree, i) => {
    if (trees[i - 1] === tree) return;
    if (firsts.has(tree))
      throw context.unsupported(
        `the nodes of its tree ${tree} are not listed together, and onnxruntime takes them for several trees`,
      );
    firsts.set(tree, i);
  });
  return [...firsts.values()];
}

/**
 * The trap: the specification lets a tree's nodes stand in any order, and onnxruntime takes the first that is listed
 * for the root. A file of which the two make different trees is refused.
 */
function requireFirstsAreRoots(
  context: NodeContext,
  { roots }: Ensemble,
  trees: readonly number[],
  children: ReadonlySet<number>,
): void {
  const firsts = new Set(roots);
  const other = trees.findIndex((_, i) => !children.has(i) && !firsts.has(i));
  if (other >= 0)
    throw context.unsupported(
      `tree ${trees[other]} has a node without a parent that is not the first listed of it, which onnxruntime takes for the root`,
    );
  if (roots.some((root) => children.has(root))) throw new MalformedModelError(`${context.label}: a tree has no root.`);
}

/** A list of floats, or the same as a tensor (doubles). */
export function numbers(context: NodeContext, name: string): readonly number[] | undefined {
  const tensor = context.tensor(`${name}_as_tensor`);
  return tensor === undefined ? context.floats(name) : Array.from(tensor.data);
}

function requireLength(
  context: NodeContext,
  name: string,
  list: readonly number[] | undefined,
  length: number,
): readonly number[] {
  if (list?.length !== length)
    throw context.shapeError(`${name} should have ${length} entries, one for each node, and has ${list?.length ?? 0}`);
  return list;
}

type WeightsByLeaf = Map<number, { target: number; weight: number }[]>;

function readWeights(
  context: NodeContext,
  prefix: string,
  positionOf: (tree: number, id: number) => number | undefined,
): WeightsByLeaf {
  const ids = context.ints(`${prefix}_ids`) ?? [];
  const [trees, nodes] = [context.ints(`${prefix}_treeids`), context.ints(`${prefix}_nodeids`)];
  const values = numbers(context, `${prefix}_weights`);
  if (trees?.length !== ids.length || nodes?.length !== ids.length || values?.length !== ids.length) {
    throw context.shapeError(
      `the lists ${prefix}_treeids, ${prefix}_nodeids, ${prefix}_ids and ${prefix}_weights should be of one length`,
    );
  }
  const weights: WeightsByLeaf = new Map();
  ids.forEach((target, j) => {
    const position = positionOf(trees[j], nodes[j]);
    if (position === undefined)
      throw new MalformedModelError(
        `${context.label}: a weight names node ${nodes[j]} of tree ${trees[j]}, which does not exist.`,
      );
    const at = weights.get(position);
    if (at === undefined) weights.set(position, [{ target, weight: values[j] }]);
    else if (at.some((entry) => entry.target === target)) {
      throw new MalformedModelError(
        `${context.label}: node ${nodes[j]} of tree ${trees[j]} has two weights for ${prefix} ${target}.`,
      );
    } else at.push({ target, weight: values[j] });
  });
  return weights;
}

/** The lists of TreeEnsemble: interior nodes first, then leaves. */
export function readSplitLists(context: NodeContext): Ensemble {
  context.ignore('nodes_hitrates', 'nodes_missing_value_tracks_true');
  const features = context.ints('nodes_featureids') ?? [];
  const list = (name: string): readonly number[] => requireLength(context, name, context.ints(name), features.length);
  const [trueIds, falseIds, trueLeafs, falseLeafs] = [
    'nodes_truenodeids',
    'nodes_falsenodeids',
    'nodes_trueleafs',
    'nodes_falseleafs',
  ].map(list);
  const thresholds = requireLength(
    context,
    'nodes_splits',
    Array.from(context.tensor('nodes_splits')?.data ?? []),
    features.length,
  );
  const modes = requireLength(
    context,
    'nodes_modes',
    Array.from(context.tensor('nodes_modes')?.data ?? []),
    features.length,
  );
  const targets = context.ints('leaf_targetids') ?? [];
  const weights = requireLength(
    context,
    'leaf_weights',
    Array.from(context.tensor('leaf_weights')?.data ?? []),
    targets.length,
  );
  const memberSets = splitAtNaN(Array.from(context.tensor('membership_values')?.data ?? []));
  let sets = 0;
  const child = (id: number, isLeaf: number): number => {
    const limit = isLeaf ? targets.length : features.length;
    if (!Number.isInteger(id) || id < 0 || id >= limit)
      throw new MalformedModelError(`${context.label}: a node has child ${id}, which does not exist.`);
    return isLeaf ? features.length + id : id;
  };
  const branches = features.map((feature, i): Branch => {
    const mode = BRANCH_MODES[modes[i]];
    if (mode === undefined)
      throw context.unsupportedAttribute('nodes_modes', modes[i], `0 to ${BRANCH_MODES.length - 1} are`);
    const members = mode === 'BRANCH_MEMBER' ? memberSets[sets++] : [];
    if (members === undefined)
      throw context.shapeError('membership_values has fewer sets than there are nodes that look for a member');
    return {
      kind: 'branch',
      feature,
      mode,
      threshold: thresholds[i],
      members,
      whenTrue: child(trueIds[i], trueLeafs[i]),
      whenFalse: child(falseIds[i], falseLeafs[i]),
    };
  });
  const leaves = targets.map((target, i): Leaf => ({ kind: 'leaf', weights: [{ target, weight: weights[i] }] }));
  // A tree that is one leaf is written as a node with that leaf on both sides.
  const single = branches.map((branch) =>
    branch.whenTrue === branch.whenFalse && branch.whenTrue >= features.length
      ? leaves[branch.whenTrue - features.length]
      : branch,
  );
  const roots = (context.ints('tree_roots') ?? []).map((root) => child(root, 0));
  return checked(context, { nodes: [...single, ...leaves], roots });
}

/** Sets of members one after the other, each ended by NaN. */
function splitAtNaN(values: readonly number[]): number[][] {
  const sets: number[][] = [];
  let current: number[] = [];
  for (const value of values) {
    if (!Number.isNaN(value)) current.push(value);
    else {
      sets.push(current);
      current = [];
    }
  }
  return current.length > 0 ? [...sets, current] : sets;
}

/** Every branch is walked to once at most. @throws MalformedModelError */
function checked(context: NodeContext, ensemble: Ensemble): Ensemble {
  const seen = new Uint8Array(ensemble.nodes.length);
  const pending = [...ensemble.roots];
  while (pending.length > 0) {
    const at = pending.pop() as number;
    const node = ensemble.nodes[at];
    if (node === undefined) throw new MalformedModelError(`${context.label}: a tree has no root.`);
    if (node.kind === 'leaf') continue;
    if (seen[at] === 1) throw new MalformedModelError(`${context.label}: two branches lead to one node.`);
    seen[at] = 1;
    if (Number.isNaN(node.threshold) && node.mode !== 'BRANCH_MEMBER') throw context.unsupported('a threshold is NaN');
    pending.push(node.whenTrue, node.whenFalse);
  }
  return ensemble;
}
