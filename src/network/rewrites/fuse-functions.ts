/**
 * Chains of layers that compute one function of one value, such as x * sigmoid(x) or clip(x + 3, 0, 6) * x / 6, become
 * one function node: one table instead of a cut for each step. Exact over the reals.
 *
 * The trap: a product of two tensors is a function of one value only where both are functions of the same tensor, so
 * every tensor is followed back to the tensor that it alone depends on.
 */
import type { FunctionNode, Graph, GraphNode } from '../graph.js';
import { boundByPoints } from '../functions/index.js';
import { layerOf } from '../layers/index.js';
import type { Elementwise } from '../layers/layer.js';

/** A tensor as a function of another, element by element. */
interface Expression {
  readonly root: string;
  readonly apply: (x: number) => number;
  readonly formula: string;
  readonly monotone: boolean;
  /** Layers by cost on the way from the root. */
  readonly costs: Readonly<Record<Elementwise['cost'], number>>;
}

const itself = (tensor: string): Expression => ({
  root: tensor,
  apply: (x) => x,
  formula: 'x',
  monotone: true,
  costs: { free: 0, cut: 0, product: 0, table: 0 },
});

/** Whether one table is cheaper than the layers: they hold a table anyway, or cut both a factor and its product. */
function isWorthATable({ costs }: Expression): boolean {
  return costs.table > 0 || (costs.product > 0 && costs.cut > 0);
}

/** Whether there is more than one layer. */
function isChain({ costs }: Expression): boolean {
  return COSTS.reduce((sum, cost) => sum + costs[cost], 0) > 1;
}

export function fuseFunctions(graph: Graph): Graph {
  const expressions = expressionsOf(graph);
  const needed = new Set(graph.outputs.map(({ tensor }) => tensor));
  const kept: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!needed.has(node.output)) continue;
    const expression = expressions.get(node.output);
    const fused =
      expression !== undefined && isChain(expression) && isWorthATable(expression)
        ? functionNode(node, expression)
        : node;
    kept.push(fused);
    for (const input of fused.inputs) needed.add(input);
  }
  return { ...graph, nodes: kept.reverse() };
}

function functionNode(node: GraphNode, { root, apply, formula, monotone }: Expression): FunctionNode {
  const { name, source, output, shape } = node;
  const f = { apply, formula, monotone, whole: false, bound: boundByPoints(apply) };
  return { op: 'function', name, source, inputs: [root], output, shape, f };
}

/** Integers are exact, and a table of them would know its argument to a step of few bits. */
function ofOneValue(node: GraphNode): Elementwise | undefined {
  return node.integers === undefined ? layerOf(node).ofOneValue(node) : undefined;
}

/** The tensors that are functions of another, with that other as far back as it helps. */
function expressionsOf(graph: Graph): Map<string, Expression> {
  // Tensors that are there whatever is fused: outputs, and what layers read that are no functions of one value.
  const standing = new Set(graph.outputs.map(({ tensor }) => tensor));
  for (const node of graph.nodes)
    if (ofOneValue(node) === undefined) for (const input of node.inputs) standing.add(input);
  const expressions = new Map<string, Expression>();
  for (const node of graph.nodes) {
    const layer = ofOneValue(node);
    if (layer === undefined) continue;
    const deep = node.inputs.map((input) => expressions.get(input) ?? itself(input));
    const near = node.inputs.map((input, k) => (standing.has(input) ? itself(input) : deep[k]));
    const expression = compose(layer, near) ?? compose(layer, deep);
    if (expression !== undefined) expressions.set(node.output, expression);
  }
  return expressions;
}

/** The layer applied to functions of one tensor; undefined where they are functions of several. */
function compose(layer: Elementwise, inputs: readonly Expression[]): Expression | undefined {
  const [first] = inputs;
  if (inputs.some(({ root }) => root !== first.root)) return undefined;
  const formulas = [...new Set(inputs.map(({ formula }) => formula))].join(', ');
  const parts = inputs.map(({ apply }) => apply);
  const costs = { ...itself('').costs };
  for (const input of inputs) for (const cost of COSTS) costs[cost] += input.costs[cost];
  costs[layer.cost] += 1;
  return {
    root: first.root,
    apply: parts.length === 1 ? (x) => layer.apply([parts[0](x)]) : (x) => layer.apply(parts.map((part) => part(x))),
    formula: formulas === 'x' ? layer.formula : `${layer.formula} of ${formulas}`,
    monotone: inputs.length === 1 && first.monotone && layer.monotone,
    costs,
  };
}

const COSTS = ['free', 'cut', 'product', 'table'] as const;
