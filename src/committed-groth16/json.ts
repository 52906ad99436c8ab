/**
 * The verification key of committed rounds in JSON that somebody else wrote. Only the shape is checked; what its numbers
 * must be, `committedKeyWords` says.
 */
import { CURVE } from '../groth16/types.js';
import { arrayOf, decimalAt, fieldAt, integerAt, literal, objectAt, ShapeMismatch } from '../json-shape.js';
import { COMMITTED_PROTOCOL, type CommittedVerificationKey } from './key.js';
import { MAX_ROUNDS } from './rounds.js';

const g1 = arrayOf(decimalAt, 3);
const g2 = arrayOf(arrayOf(decimalAt, 2), 3);

/** Counts agree with each other; what else the JSON holds is dropped. @throws ShapeMismatch */
export function committedKeyFrom(value: unknown): CommittedVerificationKey {
  const object = objectAt(value, '');
  const key: CommittedVerificationKey = {
    protocol: fieldAt(object, 'protocol', '', literal(COMMITTED_PROTOCOL)),
    curve: fieldAt(object, 'curve', '', literal(CURVE)),
    nPublic: fieldAt(object, 'nPublic', '', integerAt),
    challenges: fieldAt(object, 'challenges', '', arrayOf(flagAt)),
    vk_alpha_1: fieldAt(object, 'vk_alpha_1', '', g1),
    vk_beta_2: fieldAt(object, 'vk_beta_2', '', g2),
    vk_gamma_2: fieldAt(object, 'vk_gamma_2', '', g2),
    vk_deltas_2: fieldAt(object, 'vk_deltas_2', '', arrayOf(g2)),
    IC: fieldAt(object, 'IC', '', arrayOf(g1)),
  };
  const { challenges, nPublic } = key;
  if (nPublic < 0) throw new ShapeMismatch('nPublic', 'not a count');
  if (challenges.length < 1 || challenges.length > MAX_ROUNDS)
    throw new ShapeMismatch('challenges', `there must be 1 to ${MAX_ROUNDS} rounds`);
  if (key.vk_deltas_2.length !== challenges.length + 1)
    throw new ShapeMismatch('vk_deltas_2', 'vk_deltas_2 must have a point for each round and one more');
  if (key.IC.length !== nPublic + challenges.filter(Boolean).length + 1)
    throw new ShapeMismatch('IC', 'IC must have a point for each public signal, each challenge and one more');
  return key;
}

function flagAt(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new ShapeMismatch(path, 'not true or false');
  return value;
}
