/** A compiled gadget as bytes: the length of its `.r1cs` in four bytes, little-endian; the `.r1cs`; the names. */
import { CircomError } from './circom-error.js';
import type { CompiledGadget } from './compile-gadget.js';

export function encodeObject({ r1cs, sym }: CompiledGadget): Uint8Array {
  const names = new TextEncoder().encode(sym);
  const bytes = new Uint8Array(4 + r1cs.length + names.length);
  new DataView(bytes.buffer).setUint32(0, r1cs.length, true);
  bytes.set(r1cs, 4);
  bytes.set(names, 4 + r1cs.length);
  return bytes;
}

/** @throws CircomError where the bytes are none */
export function decodeObject(bytes: Uint8Array): CompiledGadget {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 4 ? Infinity : view.getUint32(0, true);
  if (4 + length > bytes.length) throw new CircomError('the compiled gadget is cut short; compile it again');
  return { r1cs: bytes.subarray(4, 4 + length), sym: new TextDecoder().decode(bytes.subarray(4 + length)) };
}
