/**
 * The table of docs/operators.md: every operator with what it becomes, its limits, and what its example costs, counted
 * in the circuit that the compiler makes of it (gadgets are counted by their stated constraints, so that circom is not
 * run). `npm run docs` writes it.
 */
import { borderOf, lowerModel, type LoweredModel } from '../compile/lower.js';
import { WIRE } from '../compile/steps.js';
import { constraintsOf } from '../gadgets/index.js';
import { buildGraph, constantOps, decodeModel, evaluator, OTHER_DOMAINS, supportedOps } from '../onnx/index.js';
import { quantize } from '../quantize/quantize.js';
import { showShape, sizeOf, type Shape } from '../tensor/shape.js';
import { markdownTable } from './document.js';
import { exampleModel, OPERATOR_NOTES, type OperatorNote } from './operator-notes.js';

/** Rows that set the scales of the examples: the ends of [-1, 1], and values between. */
const SAMPLES = [-1, -0.7, -0.2, 0.3, 0.6, 1];

/** The block `operators`. @throws Error where an operator has no note, or a note has no operator */
export function operatorTable(): string {
  const ops = supportedOps();
  const without = ops.filter((op) => !Object.hasOwn(OPERATOR_NOTES, op));
  const unknown = Object.keys(OPERATOR_NOTES).filter((op) => !ops.includes(op));
  if (without.length + unknown.length > 0) {
    throw new Error(
      `src/bench/operator-notes.ts lacks ${without.join(', ') || 'nothing'} and has ${unknown.join(', ') || 'nothing'} too much`,
    );
  }
  const rows = ops.map((op) => {
    const { becomes, limits = '' } = OPERATOR_NOTES[op];
    return [`\`${op}\``, becomes, limits, ...measured(op, OPERATOR_NOTES[op])];
  });
  return [
    markdownTable(['operator', 'becomes', 'limits', 'example', 'constraints'], rows).replace(
      '| ---: | ---: | ---: | ---: |',
      '| --- | --- | --- | ---: |',
    ),
    '',
    `Computed where all inputs are constants, and only there: ${constantOps()
      .map((op) => `\`${op}\``)
      .join(', ')}.`,
    ...Object.values(OTHER_DOMAINS).flatMap(({ title, operators }) => [
      '',
      `Of the domain ${title}: ${Object.keys(operators)
        .sort()
        .map((op) => `\`${op}\``)
        .join(', ')}.`,
    ]),
  ].join('\n');
}

/**
 * Shapes of the example, and constraints of its layers, the circuit's border left out. A graph without activations
 * cannot be built.
 */
function measured(op: string, { becomes, example }: OperatorNote): [string, number] {
  if (example === undefined || becomes === 'a constant') return ['', 0];
  const graph = buildGraph(decodeModel(exampleModel(op, example)));
  const shapes = (tensors: readonly { readonly shape: Shape }[]): string =>
    tensors.map(({ shape }) => showShape(shape)).join(', ');
  const [least, most] = example.range ?? [-1, 1];
  const placed = (value: number): number => least + ((value + 1) / 2) * (most - least);
  const whole = example.type === 'uint8' || example.type === 'int32';
  const rounded = (value: number): number => (whole ? Math.round(value) : value);
  const samples = SAMPLES.map((first, k) =>
    graph.inputs.map(({ shape }) =>
      Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
        rounded(placed(i === 0 ? first : SAMPLES[(i + k) % SAMPLES.length])),
      ),
    ),
  );
  const model = quantize(graph, { activationBits: 8, samples, evaluator });
  return [
    `${shapes(graph.inputs)} → ${shapes(graph.outputs)}`,
    layerConstraints(lowerModel(model, { input: 'private' })),
  ];
}

/** Of the steps between the layers of the border. */
function layerConstraints({ netlist: { steps, layers, gadgets }, ports }: LoweredModel): number {
  const { before, after } = borderOf(ports);
  return [...steps]
    .filter(({ layer }) => layer >= before && layer < layers.length - after)
    .reduce((sum, { gadget }) => sum + (gadget === WIRE ? 1 : constraintsOf(gadgets[gadget])), 0);
}
