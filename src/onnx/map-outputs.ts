/**
 * onnxruntime-web gives no maps, which ZipMap makes: in a copy of the file the scores that a ZipMap reads stand in its
 * output's place. The copy is made field by field on the file's own bytes; a later field of a repeated kind is one
 * more.
 */
import { concatBytes } from '../r1cs/sections.js';
import type { OnnxModel } from './model.js';
import { ELEMENT_TYPES } from './model.js';
import { field, fields, numberField } from './wire.js';

/** Field numbers of ModelProto.graph, GraphProto.output and ValueInfoProto.name. */
const GRAPH = 7;
const OUTPUT = 12;
const NAME = 1;
/** Of ValueInfoProto.type, TypeProto.tensor_type and its elem_type. */
const TYPE = 2;
const TENSOR = 1;
const ELEMENT_TYPE = 1;

/** The file to run, and for each of the model's outputs the name under which it comes out. */
export function readMapsAsTensors(
  bytes: Uint8Array,
  model: OnnxModel,
): { readonly file: Uint8Array; readonly names: readonly string[] } {
  const scoresOf = new Map(
    model.nodes
      .filter(({ domain, op }) => domain === 'ai.onnx.ml' && op === 'ZipMap')
      .map(({ inputs, outputs }) => [outputs[0], inputs[0]]),
  );
  const names = model.outputs.map(({ name }) => scoresOf.get(name) ?? name);
  if (model.outputs.every(({ name }) => !scoresOf.has(name))) return { file: bytes, names };
  const kept = new Set(model.outputs.map(({ name }) => name).filter((name) => !scoresOf.has(name)));
  const added = [...new Set(names)].filter((name) => !kept.has(name));
  const graphs = fields(bytes).filter(({ number }) => number === GRAPH);
  const rest = fields(bytes)
    .filter(({ number }) => number !== GRAPH)
    .map(({ whole }) => whole);
  const edited = graphs.map(({ content }) =>
    concatBytes(
      fields(content)
        .filter(({ number, content: info }) => number !== OUTPUT || !scoresOf.has(nameOf(info)))
        .map(({ whole }) => whole),
    ),
  );
  // Another message of the same fields is merged into the first.
  const more = field(GRAPH, concatBytes(added.map((name) => field(OUTPUT, floatTensor(name)))));
  const file = concatBytes([...rest, ...edited.map((content) => field(GRAPH, content)), more]);
  return { file, names };
}

/** A ValueInfoProto: its name, and its type, a tensor of floats of any shape. */
function floatTensor(name: string): Uint8Array {
  const tensor = numberField(ELEMENT_TYPE, ELEMENT_TYPES.indexOf('float'));
  return concatBytes([field(NAME, new TextEncoder().encode(name)), field(TYPE, field(TENSOR, tensor))]);
}

function nameOf(valueInfo: Uint8Array): string {
  const name = fields(valueInfo).find(({ number }) => number === NAME);
  return new TextDecoder().decode(name?.content);
}
