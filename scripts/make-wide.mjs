/**
 * `node scripts/make-wide.mjs [FILE]`: the benchmark's wide network, 784 -> 512 -> 10 with ReLU and random weights, as
 * ONNX (default build/fixtures/wide/model.onnx; 1.6 MB, hence not committed). The file looks as PyTorch would write
 * it: Gemm with transB, raw little-endian float32 initializers, opset 17. Weights are drawn as `torch.nn.Linear` draws
 * them, uniform in +-1/sqrt(fan in). Deterministic to the byte on every machine: integer arithmetic and one division
 * a draw, no transcendental functions.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The messages of onnx.proto3 that this one file needs, with their field numbers. */
const SCHEMA = `
  syntax = "proto3";
  message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated Opset opset_import = 8; }
  message Opset { string domain = 1; int64 version = 2; }
  message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
                  repeated Value input = 11; repeated Value output = 12; }
  message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
                 repeated Attribute attribute = 5; }
  message Attribute { string name = 1; float f = 2; int64 i = 3; int32 type = 20; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message Value { string name = 1; Type type = 2; }
  message Type { TensorType tensor_type = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { int64 dim_value = 1; }
`;
const FLOAT = 1; // TensorProto.DataType
const ATTRIBUTE_INT = 2; // AttributeProto.AttributeType
const SEED = 0x7a6b696e;

/** Mulberry32: a 32-bit state, uniform in [0, 1). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function uniformTensor(name, dims, halfWidth, random) {
  const count = dims.reduce((product, dimension) => product * dimension, 1);
  const bytes = new DataView(new ArrayBuffer(4 * count));
  for (let i = 0; i < count; i++) bytes.setFloat32(4 * i, (2 * random() - 1) * halfWidth, true);
  return { name, dims, dataType: FLOAT, rawData: new Uint8Array(bytes.buffer) };
}

function gemm(layer, input, output) {
  const transB = { name: 'transB', i: 1, type: ATTRIBUTE_INT };
  const names = [input, `${layer}.weight`, `${layer}.bias`];
  return { name: layer, opType: 'Gemm', input: names, output: [output], attribute: [transB] };
}

function value(name, dims) {
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } };
}

function wideModel(inputs, hidden, classes) {
  const random = generator(SEED);
  const layer = (name, fanIn, fanOut) => [
    uniformTensor(`${name}.weight`, [fanOut, fanIn], 1 / Math.sqrt(fanIn), random),
    uniformTensor(`${name}.bias`, [fanOut], 1 / Math.sqrt(fanIn), random),
  ];
  const graph = {
    name: 'wide',
    node: [
      gemm('fc1', 'input', 'sums'),
      { name: 'relu', opType: 'Relu', input: ['sums'], output: ['hidden'] },
      gemm('fc2', 'hidden', 'scores'),
    ],
    initializer: [...layer('fc1', inputs, hidden), ...layer('fc2', hidden, classes)],
    input: [value('input', [1, inputs])],
    output: [value('scores', [1, classes])],
  };
  const Model = protobuf.parse(SCHEMA).root.lookupType('Model');
  const model = { irVersion: 8, producerName: 'zkinfer make-wide', graph, opsetImport: [{ version: 17 }] };
  return Model.encode(Model.fromObject(model)).finish();
}

const byDefault = fileURLToPath(new URL('../build/fixtures/wide/model.onnx', import.meta.url));
const file = resolve(process.argv[2] ?? byDefault);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(`${file}.tmp-${process.pid}`, wideModel(784, 512, 10));
renameSync(`${file}.tmp-${process.pid}`, file);
console.log(`wrote ${file}`);
