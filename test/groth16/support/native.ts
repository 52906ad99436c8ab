import type { NativeBackend } from '../../../src/groth16/binding.js';
import { loadNative } from '../../../src/groth16/native.js';

/** The native backend; skips the running suite, saying why, where it is not built. */
export function nativeOrSkip(context: Mocha.Context): NativeBackend {
  const native = loadNative();
  if ('backend' in native) return native.backend;
  console.log(`      skipped: ${native.reason}`);
  return context.skip();
}
