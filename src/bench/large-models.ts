/**
 * Large networks in the shapes that people use, with weights drawn as PyTorch draws them (uniform, bounded by the
 * fan-in), as ONNX bytes. The same bytes on every machine: integer arithmetic and one division a draw. They are never
 * written to the repository.
 */
import { ModelProto } from '../onnx/schema.js';

const FLOAT = 1;
const INT = 2;
const INTS = 7;
const SEED = 0x6c617267;

interface NamedTensor {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** Collects nodes and initializers. */
class Writer {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private state = SEED;
  private count = 0;

  /** [1, features] to [1, outFeatures], as `torch.nn.Linear`. */
  dense(x: NamedTensor, outFeatures: number): NamedTensor {
    const [inFeatures] = x.shape;
    const parameters = this.parameters([outFeatures, inFeatures], inFeatures);
    return this.node('Gemm', [x.name, ...parameters], [outFeatures], [{ name: 'transB', i: 1, type: INT }]);
  }

  /** A square filter with padding that keeps the size where the stride is 1, as `torch.nn.Conv2d`. */
  conv(x: NamedTensor, channels: number, kernel: number, stride = 1): NamedTensor {
    const [inChannels, height, width] = x.shape;
    const pad = Math.floor(kernel / 2);
    const parameters = this.parameters([channels, inChannels, kernel, kernel], inChannels * kernel * kernel);
    const size = (length: number): number => Math.floor((length + 2 * pad - kernel) / stride) + 1;
    return this.node(
      'Conv',
      [x.name, ...parameters],
      [channels, size(height), size(width)],
      [ints('kernel_shape', [kernel, kernel]), ints('strides', [stride, stride]), ints('pads', [pad, pad, pad, pad])],
    );
  }

  relu(x: NamedTensor): NamedTensor {
    return this.node('Relu', [x.name], x.shape);
  }

  add(x: NamedTensor, y: NamedTensor): NamedTensor {
    return this.node('Add', [x.name, y.name], x.shape);
  }

  maxPool(x: NamedTensor, kernel: number, stride: number, pad = 0): NamedTensor {
    const [channels, height, width] = x.shape;
    const size = (length: number): number => Math.floor((length + 2 * pad - kernel) / stride) + 1;
    return this.node(
      'MaxPool',
      [x.name],
      [channels, size(height), size(width)],
      [ints('kernel_shape', [kernel, kernel]), ints('strides', [stride, stride]), ints('pads', [pad, pad, pad, pad])],
    );
  }

  averageAndFlatten(x: NamedTensor): NamedTensor {
    return this.flatten(this.node('GlobalAveragePool', [x.name], [x.shape[0], 1, 1]));
  }

  flatten(x: NamedTensor): NamedTensor {
    return this.node('Flatten', [x.name], [x.shape.reduce((product, size) => product * size, 1)]);
  }

  finish(input: NamedTensor, output: NamedTensor): Uint8Array {
    const graph = {
      name: 'large',
      node: this.nodes,
      initializer: this.initializers,
      input: [valueInfo(input)],
      output: [valueInfo(output)],
    };
    const message = { irVersion: 8, producerName: 'zkinfer bench', opsetImport: [{ domain: '', version: 17 }], graph };
    return ModelProto.encode(message as never).finish();
  }

  private node(
    opType: string,
    input: readonly string[],
    shape: readonly number[],
    attribute: readonly object[] = [],
  ): NamedTensor {
    this.count += 1;
    const name = `${opType.toLowerCase()}${this.count}`;
    this.nodes.push({ name, opType, input, output: [name], attribute });
    return { name, shape };
  }

  private parameters(dims: readonly number[], fanIn: number): string[] {
    this.count += 1;
    const names = [`weight${this.count}`, `bias${this.count}`];
    // The bound that keeps the size of what rectified layers pass on from layer to layer (He et al., 2015).
    this.initializers.push(
      this.tensor(names[0], dims, Math.sqrt(6 / fanIn)),
      this.tensor(names[1], dims.slice(0, 1), 1 / Math.sqrt(fanIn)),
    );
    return names;
  }

  private tensor(name: string, dims: readonly number[], bound: number): object {
    const values = new Float32Array(dims.reduce((product, size) => product * size, 1));
    for (let i = 0; i < values.length; i += 1) values[i] = (2 * this.random() - 1) * bound;
    return { name, dims, dataType: FLOAT, rawData: Buffer.from(values.buffer) };
  }

  /** Mulberry32: a 32-bit state, uniform in [0, 1). */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

function ints(name: string, values: readonly number[]): object {
  return { name, ints: values, type: INTS };
}

function valueInfo({ name, shape }: NamedTensor): object {
  return {
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: [1, ...shape].map((dimValue) => ({ dimValue })) } } },
  };
}

/** Layers of one width, rectified, and ten scores: about `layers * width^2` weights. */
function denseNetwork(width: number, layers: number): Uint8Array {
  const writer = new Writer();
  const input: NamedTensor = { name: 'x', shape: [width] };
  let x = input;
  for (let layer = 0; layer < layers; layer += 1) x = writer.relu(writer.dense(x, width));
  return writer.finish(input, writer.dense(x, 10));
}

/** Simonyan and Zisserman, configuration A, for images of 32 by 32 with one dense layer at the end. */
function vgg11(): Uint8Array {
  const writer = new Writer();
  const input: NamedTensor = { name: 'x', shape: [3, 32, 32] };
  let x = input;
  for (const stage of [[64], [128], [256, 256], [512, 512], [512, 512]]) {
    for (const channels of stage) x = writer.relu(writer.conv(x, channels, 3));
    x = writer.maxPool(x, 2, 2);
  }
  return writer.finish(input, writer.dense(writer.flatten(x), 10));
}

/** He et al.: eighteen layers, batch normalisation folded already, for square images of this size. */
function resnet18(size: number): Uint8Array {
  const writer = new Writer();
  const input: NamedTensor = { name: 'x', shape: [3, size, size] };
  let x = writer.maxPool(writer.relu(writer.conv(input, 64, 7, 2)), 3, 2, 1);
  for (const [stage, channels] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = stride === 1 ? x : writer.conv(x, channels, 1, stride);
      x = writer.relu(writer.add(writer.conv(writer.relu(writer.conv(x, channels, 3, stride)), channels, 3), shortcut));
    }
  }
  return writer.finish(input, writer.dense(writer.averageAndFlatten(x), 10));
}

interface LargeModel {
  readonly make: () => Uint8Array;
  /** Elements of its one input. */
  readonly inputSize: number;
}

/** Models by the name that the benchmark knows them by. */
export const LARGE_MODELS: Readonly<Record<string, LargeModel>> = {
  'dense-1M': { make: () => denseNetwork(512, 4), inputSize: 512 },
  'dense-20M': { make: () => denseNetwork(2048, 5), inputSize: 2048 },
  vgg11: { make: vgg11, inputSize: 3 * 32 * 32 },
  resnet18: { make: () => resnet18(64), inputSize: 3 * 64 * 64 },
  'dense-100M': { make: () => denseNetwork(2048, 24), inputSize: 2048 },
};
