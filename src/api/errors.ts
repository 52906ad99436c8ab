/**
 * Every error class of the package, and their codes: `zkinfer/errors`. Loads nothing but the classes, so that a program
 * that only asks which error it caught may import it first.
 */
import type * as base from '../errors.js';
import type { OutputError } from '../atomic-file.js';
import type * as chain from '../chain/errors.js';
import type { CircomError } from '../circom/circom-error.js';
import type { WitnessPlanFormatError } from '../compile/errors.js';
import type { RoundsError } from '../committed-groth16/errors.js';
import type { GadgetError } from '../gadgets/gadget.js';
import type { CeremonyError } from '../groth16/ceremony.js';
import type { UnfinishedKeyError } from '../groth16/finished-key.js';
import type { KeyMismatchError } from '../groth16/key-mismatch.js';
import type { NativeError } from '../groth16/binding.js';
import type { SnarkjsError } from '../groth16/snarkjs-calls.js';
import type * as integer from '../integer/errors.js';
import type * as onnx from '../onnx/errors.js';
import type * as operator from '../operator/errors.js';
import type * as provenance from '../provenance/errors.js';
import type * as quantize from '../quantize/errors.js';
import type * as r1cs from '../r1cs/format-error.js';
import type { ScenarioError } from '../scenario/errors.js';
import type * as solidity from '../solidity/errors.js';
import type { WitnessInputError } from '../witness/errors.js';
import type * as workflow from '../workflow/errors.js';

export * from '../errors.js';
export { OutputError } from '../atomic-file.js';
export * from '../chain/errors.js';
export { CircomError } from '../circom/circom-error.js';
export { WitnessPlanFormatError } from '../compile/errors.js';
export { RoundsError } from '../committed-groth16/errors.js';
export { GadgetError } from '../gadgets/gadget.js';
export { CeremonyError } from '../groth16/ceremony.js';
export { UnfinishedKeyError } from '../groth16/finished-key.js';
export { KeyMismatchError } from '../groth16/key-mismatch.js';
export { NativeError, type NativeErrorCode } from '../groth16/binding.js';
export { SnarkjsError } from '../groth16/snarkjs-calls.js';
export * from '../integer/errors.js';
export * from '../onnx/errors.js';
export * from '../operator/errors.js';
export * from '../provenance/errors.js';
export * from '../quantize/errors.js';
export * from '../r1cs/format-error.js';
export { ScenarioError } from '../scenario/errors.js';
export * from '../solidity/errors.js';
export { WitnessInputError } from '../witness/errors.js';
export * from '../workflow/errors.js';

/** What the error classes of a module have as `code`. */
type CodesOf<Module> = {
  [K in keyof Module]: Module[K] extends abstract new (...args: never[]) => { readonly code: infer Code }
    ? Code
    : never;
}[keyof Module];

/** Every code that an error of this package can have. A `switch` over it that forgets one does not compile. */
export type ErrorCode =
  | CodesOf<Omit<typeof base, 'ZkinferError'>>
  | CodesOf<typeof chain>
  | CodesOf<typeof integer>
  | CodesOf<typeof onnx>
  | CodesOf<typeof operator>
  | CodesOf<typeof provenance>
  | CodesOf<typeof quantize>
  | CodesOf<typeof r1cs>
  | CodesOf<typeof solidity>
  | CodesOf<typeof workflow>
  | OutputError['code']
  | CircomError['code']
  | WitnessPlanFormatError['code']
  | RoundsError['code']
  | GadgetError['code']
  | CeremonyError['code']
  | UnfinishedKeyError['code']
  | KeyMismatchError['code']
  | NativeError['code']
  | SnarkjsError['code']
  | ScenarioError['code']
  | WitnessInputError['code'];
