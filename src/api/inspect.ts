/** What is in a model: `inspect`. */
import { inspectOnnx, type Inspection } from '../workflow/inspect.js';
import type { CompileRequest } from './build.js';

/** What of a model can be proved, and what it costs. @throws MalformedModelError; unsupported operators are reported */
export async function inspect({ onnx, ...options }: CompileRequest): Promise<Inspection> {
  return await inspectOnnx(onnx, options);
}
