/**
 * A model's bytes without the names that several of its nodes share. ONNX lets a node go without a name, and exporters
 * repeat them; onnxruntime refuses a file with two nodes of one name. Nothing is computed by a node's name.
 */
import { rewritten } from './wire.js';

/** Fields on the way to a node's name: ModelProto.graph, GraphProto.node, NodeProto.name. */
const GRAPH = 7;
const NODE = 1;
const NAME = 3;

/** The same bytes where no name is repeated. `names`: of the model's nodes, in order. */
export function withoutRepeatedNames(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of names) (seen.has(name) ? repeated : seen).add(name);
  if (repeated.size === 0) return bytes;
  const isRepeated = (name: Uint8Array): boolean => repeated.has(new TextDecoder().decode(name));
  const node = (content: Uint8Array): Uint8Array =>
    rewritten(content, NAME, (name) => (isRepeated(name) ? undefined : name));
  const graph = (content: Uint8Array): Uint8Array => rewritten(content, NODE, node);
  return rewritten(bytes, GRAPH, graph);
}
