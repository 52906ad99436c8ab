/**
 * What replaces NaN or infinity after a function has met arguments outside its domain, as both branches of a power
 * transform do, cannot be proved step by step: the numbers between do not exist. Where all of it is a function of one
 * element at each place, every element becomes a function of its own: one table, which never meets the gap.
 *
 * Exact over the reals, and over what is no number as IEEE arithmetic has it: the function evaluates the layers.
 */
import { boundByPoints } from '../functions/index.js';
import { layerOf } from '../layers/index.js';
import { sizeOf, type FunctionNode, type Graph, type GraphNode, type GraphOp, type MoveNode } from '../graph.js';

/** Layers of which each element is made of the inputs' elements at its place, and of constants. */
const PLACE_BY_PLACE: Readonly<Record<GraphOp, boolean>> = {
  affine: true,
  argMax: false,
  clip: true,
  conv: false,
  dense: false,
  floorDivide: false,
  function: true,
  matmul: false,
  max: false,
  mean: false,
  move: false,
  multiply: true,
  prelu: false,
  round: false,
  softmax: false,
  step: true,
  sum: true,
};

/** Elements of one tensor up to which each has a function of its own. */
const MOST_ELEMENTS = 512;
/** Layers that one value may pass: what is read twice at each of many layers would take time without end. */
const MOST_STEPS = 512;

/** Which element of the root each element is a function of; -1 for constants. */
interface Trace {
  readonly root: string;
  readonly of: Int32Array;
  /** Something undefined was replaced on the way from the root. */
  readonly repaired: boolean;
  /** Layers that one value passes, those that several read counted each time. */
  readonly steps: number;
}

export function tabulateRepaired(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.op === 'function' && node.f.repairs)) return graph;
  const traces = traceNodes(graph);
  const isRepaired = (tensor: string): boolean => traces.get(tensor)?.repaired === true;
  const read = new Set(graph.outputs.map(({ tensor }) => tensor));
  for (const { inputs, output } of graph.nodes) if (!isRepaired(output)) for (const tensor of inputs) read.add(tensor);
  const names = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.map(({ output }) => output)]);
  const nodes = graph.nodes.flatMap((node) => {
    const trace = traces.get(node.output);
    return trace?.repaired && read.has(node.output) ? elementByElement(graph, node, traces, names) : [node];
  });
  return { ...graph, nodes: withoutUnread(graph, nodes) };
}

function traceNodes({ inputs, nodes }: Graph): Map<string, Trace> {
  const sizes = new Map(inputs.map(({ name, shape }) => [name, sizeOf(shape)]));
  const traces = new Map<string, Trace>();
  for (const node of nodes) {
    sizes.set(node.output, sizeOf(node.shape));
    const from = node.inputs.map(
      (root) =>
        traces.get(root) ?? {
          root,
          of: Int32Array.from({ length: sizes.get(root)! }, (_, i) => i),
          repaired: false,
          steps: 0,
        },
    );
    const of = sizeOf(node.shape) > MOST_ELEMENTS ? undefined : follow(node, from);
    const steps = from.reduce((sum, trace) => sum + trace.steps, 1);
    if (of === undefined || steps > MOST_STEPS) continue;
    const repaired = from.some((trace) => trace.repaired) || (node.op === 'function' && node.f.repairs === true);
    traces.set(node.output, { root: from[0].root, of, repaired, steps });
  }
  return traces;
}

/** Undefined where an element depends on two, or on another root, or stands twice. */
function follow(node: GraphNode, from: readonly Trace[]): Int32Array | undefined {
  if (from.length === 0 || from.some(({ root }) => root !== from[0].root)) return undefined;
  if (node.op === 'move') return followMove(node, from);
  if (!PLACE_BY_PLACE[node.op] || (node.op === 'function' && node.f.apart)) return undefined;
  const of = from[0].of.slice();
  for (const other of from)
    for (let i = 0; i < of.length; i += 1) {
      if (of[i] < 0) of[i] = other.of[i];
      else if (other.of[i] >= 0 && other.of[i] !== of[i]) return undefined;
    }
  return of;
}

function followMove({ index }: MoveNode, from: readonly Trace[]): Int32Array | undefined {
  // Beside repaired elements others would become tables for nothing.
  if (from.some(({ repaired }) => repaired !== from[0].repaired)) return undefined;
  const moved = index.filter((position) => position >= 0);
  if (new Set(moved).size !== moved.length) return undefined;
  const all = from.flatMap(({ of }) => [...of]);
  return index.map((position) => (position < 0 ? -1 : all[position]));
}

/** Element `place` of a tensor as a function of the one element of the root that it depends on. */
type Element = (tensor: string, place: number) => (x: number) => number;

function elementsOf(graph: Graph, root: string): Element {
  const makers = new Map(graph.nodes.map((node) => [node.output, node]));
  const sizes = new Map(
    [...graph.inputs, ...graph.nodes.map((node) => ({ ...node, name: node.output }))].map(({ name, shape }) => [
      name,
      sizeOf(shape),
    ]),
  );
  const known = new Map<string, (x: number) => number>();
  return element;

  function element(tensor: string, place: number): (x: number) => number {
    if (tensor === root) return (x) => x;
    const key = `${place} ${tensor}`;
    const made = known.get(key) ?? make(makers.get(tensor)!, place);
    known.set(key, made);
    return made;
  }

  function make(node: GraphNode, place: number): (x: number) => number {
    if (node.op === 'move') {
      let at = node.index[place];
      if (at < 0) return () => node.constants[-1 - node.index[place]];
      for (const input of node.inputs) {
        const size = sizes.get(input)!;
        if (at < size) return element(input, at);
        at -= size;
      }
    }
    const parts = node.inputs.map((input) => element(input, place));
    if (node.op === 'step') {
      const least = node.threshold[node.threshold.length === 1 ? 0 : place];
      return (x) => Number(node.strict ? parts[0](x) > least : parts[0](x) >= least);
    }
    const own =
      node.op === 'affine'
        ? { ...node, scale: node.scale.slice(place, place + 1), shift: node.shift.slice(place, place + 1) }
        : node;
    const { apply } = layerOf(own).ofOneValue(own)!;
    if (parts.length === 1) return (x) => apply([parts[0](x)]);
    return (x) => apply(parts.map((part) => part(x)));
  }
}

function elementByElement(
  graph: Graph,
  node: GraphNode,
  traces: ReadonlyMap<string, Trace>,
  names: Set<string>,
): GraphNode[] {
  const { output, shape, source } = node;
  const { root, of } = traces.get(output)!;
  const element = elementsOf(graph, root);
  const fresh = (wanted: string): string => {
    let name = wanted;
    while (names.has(name)) name += "'";
    names.add(name);
    return name;
  };
  const made: GraphNode[] = [];
  const constants: number[] = [];
  const functions: FunctionNode[] = [];
  const index = of.map((from, i) => {
    if (from < 0) return -constants.push(element(output, i)(0));
    const [argument, value] = [fresh(`${output}/argument${i}`), fresh(`${output}/value${i}`)];
    made.push({
      op: 'move',
      name: argument,
      source,
      inputs: [root],
      output: argument,
      shape: [1],
      index: Int32Array.of(from),
      constants: new Float64Array(),
    });
    const apply = element(output, i);
    const f = {
      apply,
      formula: `${source} of element ${from}`,
      monotone: false,
      whole: false,
      bound: boundByPoints(apply),
    };
    functions.push({ op: 'function', name: value, source, inputs: [argument], output: value, shape: [1], f });
    return functions.length - 1;
  });
  return [
    ...made,
    ...functions,
    {
      op: 'move',
      name: node.name,
      source,
      inputs: functions.map((made) => made.output),
      output,
      shape,
      index,
      constants: Float64Array.from(constants),
    },
  ];
}

/** The layers that some output needs. */
function withoutUnread({ outputs }: Graph, nodes: readonly GraphNode[]): GraphNode[] {
  const needed = new Set(outputs.map(({ tensor }) => tensor));
  return [...nodes]
    .reverse()
    .filter((node) => {
      if (!needed.has(node.output)) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    })
    .reverse();
}
