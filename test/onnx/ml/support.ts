/**
 * Models of the domain ai.onnx.ml, and their agreement with onnxruntime: a difference is counted element by element,
 * labels by name.
 */
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
import type { AttributeMessage } from '../../../src/onnx/schema.js';
import { makeModel, node, type ModelSpec, type NodeSpec } from '../support/make-model.js';
import { seeded } from '../support/random.js';

export function strings(values: readonly string[]): AttributeMessage {
  return { type: 8, strings: values.map((text) => new TextEncoder().encode(text)) };
}

export function ml(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: NodeSpec['attributes'] = {},
): NodeSpec {
  return { ...node(op, inputs, outputs, attributes), domain: 'ai.onnx.ml' };
}

export function mlModel(spec: ModelSpec, version = 3): Uint8Array {
  return makeModel({ ...spec, domains: { 'ai.onnx.ml': version } });
}

/** Rows of an input: multiples of `step`, so that values on a threshold are among them. */
export function gridRows(size: number, count: number, step: number, seed = 5): Float64Array[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () =>
    Float64Array.from({ length: size }, () => Math.round((random() * 4 - 2) / step) * step),
  );
}

/** The float network agrees with onnxruntime on every row. */
export async function agreesOn(bytes: Uint8Array, rows: readonly Float64Array[], tolerance = 1e-5): Promise<Graph> {
  const graph = buildGraph(decodeModel(bytes));
  const reference = await openReference(
    bytes,
    graph.outputs.map(({ labels, named }) => (named ? labels : undefined)),
  );
  try {
    for (const row of rows) {
      const values = evaluate(graph, [row]);
      const expected = await reference.run([Float32Array.from(row)]);
      graph.outputs.forEach((output, k) => {
        const actual = applyOmitted(output, values.get(output.tensor) as Float64Array);
        assert.equal(actual.length, expected[k].length, `elements of output ${output.name}`);
        assert.equal(actual.length, sizeOf(output.shape));
        actual.forEach((value, i) => {
          const scale = Math.max(1, Math.abs(expected[k][i]));
          assert.ok(
            Math.abs(value - expected[k][i]) <= tolerance * scale,
            `output ${output.name}[${i}] is ${value} here and ${expected[k][i]} there, on [${row.join(', ')}]`,
          );
        });
      });
    }
    return graph;
  } finally {
    await reference.close();
  }
}
