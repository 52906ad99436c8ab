/**
 * The float32 network as onnxruntime runs it (WebAssembly, one thread): what accuracy is measured against. Only this
 * file uses onnxruntime. The trap: sessions are numbered inside one WebAssembly memory,
 * so close what is opened.
 */
import type * as Ort from 'onnxruntime-web';
import { GraphBuilder } from './builder.js';
import { chooseFrom, type ModelChoice } from './choose.js';
import { decodeModel } from './decode.js';
import { readMapsAsTensors } from './map-outputs.js';
import { lowerInput } from './lower-model.js';
import type { ElementType } from './model.js';
import { sizeOf } from '../tensor/shape.js';
import { OnnxRuntimeError, UnfedTypeError } from './errors.js';
import { loadOnnxRuntime } from './onnxruntime.js';
import { withoutRepeatedNames } from './unnamed-nodes.js';

export { OnnxRuntimeError } from './errors.js';

export interface Reference {
  /**
   * One flat array per graph input, in order; gives one flat array per graph output. Integers come as numbers, exactly
   * below 2^53.
   */
  run(inputs: readonly ArrayLike<number>[]): Promise<Float64Array[]>;
  /** Frees the session. */
  close(): Promise<void>;
}

/**
 * Opens a model in onnxruntime, with the input shapes and outputs chosen; a dynamic batch dimension is set to 1.
 * Outputs that are maps from labels to scores are read as the scores; elements of an output of strings are positions
 * among `labels`, one list for each output, -1 where it is not among them.
 * @throws OnnxRuntimeError where onnxruntime cannot run the model
 */
export async function openReference(
  bytes: Uint8Array,
  labels: readonly (readonly string[] | undefined)[] = [],
  choice: ModelChoice = {},
): Promise<Reference> {
  const ort = await loadOnnxRuntime();
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
  const model = chooseFrom(decodeModel(bytes), choice);
  const { file, names } = readMapsAsTensors(bytes, model);
  const builder = new GraphBuilder();
  const inputs = model.inputs.map((info) => ({
    name: info.name,
    type: info.type,
    shape: lowerInput(model, info, builder).shape,
  }));
  // Unoptimized, so that the reference computes what the file says, in the file's order.
  const session = await named(() =>
    ort.InferenceSession.create(
      withoutRepeatedNames(
        file,
        model.nodes.map(({ name }) => name),
      ),
      { executionProviders: ['wasm'], logSeverityLevel: 4, graphOptimizationLevel: 'disabled' },
    ),
  );
  return {
    run: (data) =>
      named(async () => {
        // An input may be called __proto__.
        const feeds = Object.create(null) as Record<string, Ort.Tensor>;
        inputs.forEach(({ name, type, shape }, i) => {
          if (data[i]?.length !== sizeOf(shape)) throw new Error(`input ${name} should have ${sizeOf(shape)} elements`);
          feeds[name] = toTensor(ort, type, data[i], shape);
        });
        const results = await session.run(feeds);
        return names.map((name, k) => {
          const tensor = results[name];
          if (tensor.type === 'string')
            return Float64Array.from(tensor.data as readonly string[], (text) => labels[k]?.indexOf(text) ?? -1);
          const values = valuesOf(tensor);
          tensor.dispose();
          return values;
        });
      }),
    close: () => session.release(),
  };
}

function valuesOf({ type, data }: Ort.Tensor): Float64Array {
  return type === 'float16'
    ? Float64Array.from(fromHalves(data))
    : Float64Array.from(data as ArrayLike<number>, Number);
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof OnnxRuntimeError) throw cause;
    throw new OnnxRuntimeError(`onnxruntime: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function toTensor(ort: typeof Ort, type: ElementType, data: ArrayLike<number>, shape: readonly number[]): Ort.Tensor {
  switch (type) {
    case 'float':
      return new ort.Tensor('float32', Float32Array.from(data), shape);
    case 'double':
      return new ort.Tensor('float64', Float64Array.from(data), shape);
    case 'float16':
      return new ort.Tensor('float16', Uint16Array.from(data, toHalf), shape);
    case 'int64':
      return new ort.Tensor(
        'int64',
        BigInt64Array.from(data, (value) => BigInt(Math.round(value))),
        shape,
      );
    case 'int32':
      return new ort.Tensor('int32', Int32Array.from(data), shape);
    case 'uint8':
      return new ort.Tensor('uint8', Uint8Array.from(data), shape);
    case 'int8':
      return new ort.Tensor('int8', Int8Array.from(data), shape);
    case 'bool':
      return new ort.Tensor('bool', Uint8Array.from(data), shape);
    case 'int16':
      return new ort.Tensor('int16', Int16Array.from(data), shape);
    case 'uint16':
      return new ort.Tensor('uint16', Uint16Array.from(data), shape);
    case 'uint32':
      return new ort.Tensor('uint32', Uint32Array.from(data), shape);
    case 'uint64':
      return new ort.Tensor(
        'uint64',
        BigUint64Array.from(data, (value) => BigInt(Math.round(value))),
        shape,
      );
    default:
      throw new UnfedTypeError(`inputs of type ${type} are not given to onnxruntime here`);
  }
}

/** The nearest half-precision number (IEEE 754 binary16) as its bits; ties to even, too large to infinity. */
export function toHalf(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // The exponent of the unit in the last place: 10 bits below the leading one, never below the subnormals' unit.
  const unit = Math.max(Math.floor(Math.log2(magnitude)) - 10, -24);
  const count = roundToEven(magnitude / 2 ** unit);
  // A count of 2^11 carries into the exponent field by itself, and a subnormal's field is zero.
  return sign | (count < 1024 ? count : ((unit + 24) << 10) + count);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** onnxruntime gives half-precision numbers as their bits, or as numbers where the platform has a type for them. */
function fromHalves(data: Ort.Tensor['data']): Float32Array {
  if (!(data instanceof Uint16Array)) return Float32Array.from(data as ArrayLike<number>);
  return Float32Array.from(data, (bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Infinity
            : NaN
          : (1024 + fraction) * 2 ** (exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
  });
}
