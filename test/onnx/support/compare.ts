/** Compares the normalised graph with onnxruntime on the same model and random inputs. */
import assert from 'node:assert/strict';
import {
  applyOmitted,
  buildGraph,
  decodeModel,
  evaluate,
  openReference,
  sizeOf,
  type Graph,
} from '../../../src/onnx/index.js';
import { ModelProto, type ModelMessage } from '../../../src/onnx/schema.js';
import { makeModel, typeCode, type ModelSpec } from './make-model.js';
import { randomFloats, seeded } from './random.js';

export interface Comparison {
  readonly graph: Graph;
  /** Largest difference relative to the largest output magnitude. */
  readonly error: number;
}

/** Random inputs for a model: integers where `whole`, which integer inputs need. */
export function randomInputs(graph: Graph, seed: number, whole = false): Float32Array[] {
  const random = seeded(seed);
  return graph.inputs.map(({ shape }) => {
    const data = randomFloats(sizeOf(shape), random);
    return whole ? data.map((value) => Math.round(value * 3)) : data;
  });
}

/** The model with the shape of each output as one more output. */
function withShapes(bytes: Uint8Array): Uint8Array {
  const message = ModelProto.toObject(ModelProto.decode(bytes)) as ModelMessage;
  const outputs = message.graph!.output!;
  const shapes = outputs.map(({ name }) => `shape of ${name}`);
  message.graph!.node = [
    ...(message.graph!.node ?? []),
    ...outputs.map(({ name }, i) => ({ opType: 'Shape', input: [name!], output: [shapes[i]] })),
  ];
  message.graph!.output = [
    ...outputs,
    ...shapes.map((name) => ({ name, type: { tensorType: { elemType: typeCode('int64') } } })),
  ];
  return Uint8Array.from(ModelProto.encode(ModelProto.fromObject(message)).finish());
}

export async function compareWithRuntime(
  bytes: Uint8Array,
  options: { seed?: number; whole?: boolean } = {},
): Promise<Comparison> {
  const graph = buildGraph(decodeModel(bytes));
  const inputs = randomInputs(graph, options.seed ?? 1, options.whole);
  const values = evaluate(
    graph,
    inputs.map((data) => Float64Array.from(data)),
  );
  const reference = await openReference(withShapes(bytes));
  try {
    const expected = await reference.run(inputs);
    let error = 0;
    graph.outputs.forEach((output, i) => {
      const actual = applyOmitted(output, values.get(output.tensor)!);
      assert.equal(actual.length, expected[i].length, `elements of output ${output.name}`);
      assert.deepEqual(
        [...output.shape],
        Array.from(expected[graph.outputs.length + i]),
        `shape of output ${output.name}`,
      );
      const scale = expected[i].reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      actual.forEach((value, j) => {
        const difference = Math.abs(value - expected[i][j]) / scale;
        assert.ok(
          !Number.isNaN(difference),
          `element ${j} of output ${output.name} is ${value} here and ${expected[i][j]} there`,
        );
        error = Math.max(error, difference);
      });
    });
    return { graph, error };
  } finally {
    await reference.close();
  }
}

/** Agreement to float32 rounding, and the graph for further checks. */
export async function agrees(spec: ModelSpec, options: { whole?: boolean } = {}): Promise<Graph> {
  const { graph, error } = await compareWithRuntime(makeModel(spec), options);
  assert.ok(error < 1e-5, `differs from onnxruntime by ${error} of the largest output`);
  return graph;
}
