/**
 * The float32 network as onnxruntime runs it (WebAssembly, one thread): what accuracy is measured against. Only this file
 * knows onnxruntime. The trap: sessions are numbered inside one WebAssembly memory, so close what is opened.
 */
import * as ort from 'onnxruntime-web';
import { GraphBuilder } from './builder.js';
import { decodeModel } from './decode.js';
import { lowerInput } from './lower-model.js';
import type { ElementType } from './model.js';
import { sizeOf } from '../tensor/shape.js';
import { ZkinferError } from '../errors.js';

/** onnxruntime refused the model or an input, in its own words. */
export class OnnxRuntimeError extends ZkinferError {
  readonly code = 'ONNX_RUNTIME';
}

export interface Reference {
  /** One flat array per graph input, in order; gives one flat array per graph output. Integers come as numbers. */
  run(inputs: readonly ArrayLike<number>[]): Promise<Float32Array[]>;
  /** Frees the session. */
  close(): Promise<void>;
}

/**
 * Opens a model in onnxruntime; a dynamic batch dimension is set to 1.
 * @throws OnnxRuntimeError where onnxruntime cannot run the model
 */
export async function openReference(bytes: Uint8Array): Promise<Reference> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
  const model = decodeModel(bytes);
  const builder = new GraphBuilder();
  const inputs = model.inputs.map((info) => ({ name: info.name, type: info.type, shape: lowerInput(model, info, builder).shape }));
  // Unoptimized, so that the reference computes what the file says, in the file's order.
  const session = await named(() =>
    ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], logSeverityLevel: 4, graphOptimizationLevel: 'disabled' }),
  );
  return {
    run: (data) =>
      named(async () => {
        const feeds: Record<string, ort.Tensor> = {};
        inputs.forEach(({ name, type, shape }, i) => {
          if (data[i]?.length !== sizeOf(shape)) throw new Error(`input ${name} should have ${sizeOf(shape)} elements`);
          feeds[name] = toTensor(type, data[i], shape);
        });
        const results = await session.run(feeds);
        return model.outputs.map(({ name }) => {
          const tensor = results[name];
          const values = Float32Array.from(tensor.data as ArrayLike<number>, Number);
          tensor.dispose();
          return values;
        });
      }),
    close: () => session.release(),
  };
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new OnnxRuntimeError(`onnxruntime: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function toTensor(type: ElementType, data: ArrayLike<number>, shape: readonly number[]): ort.Tensor {
  switch (type) {
    case 'float':
      return new ort.Tensor('float32', Float32Array.from(data), shape);
    case 'double':
      return new ort.Tensor('float64', Float64Array.from(data), shape);
    case 'int64':
      return new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape);
    case 'uint64':
      return new ort.Tensor('uint64', BigUint64Array.from(data, BigInt), shape);
    case 'int32':
      return new ort.Tensor('int32', Int32Array.from(data), shape);
    case 'uint32':
      return new ort.Tensor('uint32', Uint32Array.from(data), shape);
    case 'int16':
      return new ort.Tensor('int16', Int16Array.from(data), shape);
    case 'uint16':
      return new ort.Tensor('uint16', Uint16Array.from(data), shape);
    case 'int8':
      return new ort.Tensor('int8', Int8Array.from(data), shape);
    case 'uint8':
      return new ort.Tensor('uint8', Uint8Array.from(data), shape);
    case 'bool':
      return new ort.Tensor('bool', Uint8Array.from(data), shape);
    default:
      throw new Error(`inputs of type ${type} cannot be fed`);
  }
}
