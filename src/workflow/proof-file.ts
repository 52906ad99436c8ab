/**
 * `proof.json` as snarkjs writes it, with the public signals added under `publicSignals` so that one file is enough;
 * snarkjs and rapidsnark ignore the extra field, and `context`, which says what the proof's context hashes. Their own
 * pair of files is read as well, and the object `{proof, publicSignals}` that snarkjs's functions give.
 */
import { ProofFormatError } from './errors.js';
import { arrayOf, decimalAt, fieldAt, objectAt, optionalAt, ShapeMismatch, textLike } from '../json-shape.js';
import { proofSystemOf, proofSystemOfProof } from '../proof-systems/index.js';
import type { ProofBinding, ProofFile } from './proof-json.js';
import { parseJson } from '../user-json.js';

export { ProofFormatError } from './errors.js';
export { type ProofFile, proofToJson } from './proof-json.js';

const signalsAt = arrayOf(decimalAt);
const addressAt = textLike(/^0x[0-9a-fA-F]{40}$/, 'not an address');

function bindingAt(value: unknown, path: string): ProofBinding {
  const object = objectAt(value, path);
  const number = (key: string): bigint => BigInt(fieldAt(object, key, path, decimalAt));
  const address = (key: string): string => fieldAt(object, key, path, addressAt);
  const binding = {
    chainId: number('chainId'),
    contract: address('contract'),
    account: address('account'),
    nonce: number('nonce'),
  };
  if (binding.chainId >= 1n << 256n || binding.nonce >= 1n << 256n)
    throw new ShapeMismatch(path, 'numbers of more than 256 bits');
  return binding;
}

/**
 * `publicText`: a separate `public.json`, needed where the proof does not carry its signals. @throws ProofFormatError
 */
export function proofFromJson(text: string, source: string, publicText?: string): ProofFile {
  const value = parse(text, source);
  const { proof, beside, inside, kept } = shaped(source, () => {
    const top = objectAt(value, '');
    // What snarkjs's `fullProve` and `prove` give, and `zkinfer prove --json` prints, has the proof under a name.
    const at = Object.hasOwn(top, 'proof') ? 'proof' : '';
    const own = at === '' ? top : objectAt(top.proof, at);
    return {
      proof: (proofSystemOfProof(own) ?? proofSystemOf({})).proofFrom(own, at),
      beside: at === '' ? undefined : optionalAt(top, 'publicSignals', '', signalsAt),
      inside: optionalAt(own, 'publicSignals', at, signalsAt),
      kept: optionalAt(own, 'context', at, bindingAt),
    };
  });
  const own = beside ?? inside;
  const given = `the public signals for ${source}`;
  const publicSignals = publicText === undefined ? own : shaped(given, () => signalsAt(parse(publicText, given), ''));
  if (!publicSignals) throw new ProofFormatError(`${source} carries no public signals; name their file with --public`);
  return { proof, publicSignals, ...(kept ? { binding: kept } : {}) };
}

function parse(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ProofFormatError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function shaped<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ShapeMismatch)) throw cause;
    throw new ProofFormatError(`${source} is not a Groth16 proof: ${cause.message}`, { cause });
  }
}
