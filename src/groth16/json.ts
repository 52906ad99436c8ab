/**
 * `proof.json` and `verification_key.json` as snarkjs writes them, read from JSON that somebody else wrote. Only the
 * shape is checked; `canonical.ts` has what numbers must be.
 */
import { arrayOf, decimalAt, fieldAt, integerAt, literal, objectAt, optionalAt, ShapeMismatch } from '../json-shape.js';
import { CURVE, PROTOCOL, type Proof, type VerificationKey } from './types.js';

const g1 = arrayOf(decimalAt, 3);
const g2 = arrayOf(arrayOf(decimalAt, 2), 3);

/** A proof, without what stands beside its points. @throws ShapeMismatch */
export function proofFrom(value: unknown, path = ''): Proof {
  const object = objectAt(value, path);
  const proof = {
    pi_a: fieldAt(object, 'pi_a', path, g1),
    pi_b: fieldAt(object, 'pi_b', path, g2),
    pi_c: fieldAt(object, 'pi_c', path, g1),
    protocol: fieldAt(object, 'protocol', path, literal(PROTOCOL)),
    curve: optionalAt(object, 'curve', path, literal(CURVE)) ?? CURVE,
  };
  return proof as unknown as Proof;
}

/** A verification key; what else it holds stays. @throws ShapeMismatch */
export function verificationKeyFrom(value: unknown): VerificationKey {
  const object = objectAt(value, '');
  fieldAt(object, 'protocol', '', literal(PROTOCOL));
  fieldAt(object, 'curve', '', literal(CURVE));
  const nPublic = fieldAt(object, 'nPublic', '', integerAt);
  if (nPublic < 0) throw new ShapeMismatch('nPublic', 'not a count');
  fieldAt(object, 'vk_alpha_1', '', g1);
  for (const key of ['vk_beta_2', 'vk_gamma_2', 'vk_delta_2']) fieldAt(object, key, '', g2);
  const points = fieldAt(object, 'IC', '', arrayOf(g1));
  if (points.length !== nPublic + 1)
    throw new ShapeMismatch('IC', 'IC must have a point for each public signal and one more');
  return value as VerificationKey;
}
