/**
 * A constraint system whose private wires are fixed in rounds: those of each round are committed to before the
 * challenges of that round and the wires after it exist (docs/committed-groth16.md). Wires that no round names form the
 * last set, which is part of the proof's C.
 *
 * Public wires of the system: first the public signals, then one wire for each round with a challenge, in the rounds'
 * order. The verifier computes the latter; no caller gives them.
 */
import type { R1cs } from '../r1cs/types.js';
import { RoundsError } from './errors.js';
import { requireIndependentColumns } from './independence.js';

/** One committed set of wires. */
export interface Round {
  /** Wires of the set, ascending. */
  readonly wires: Uint32Array;
  /** Whether the verifier answers this round's commitment with a challenge. */
  readonly challenge: boolean;
}

export interface CommittedCircuit {
  readonly system: R1cs;
  readonly rounds: readonly Round[];
}

/** A pairing and 64 bytes of proof each: nobody has a use for more. */
export const MAX_ROUNDS = 8;

/** Public signals of a circuit: its public wires without the constant and the challenges. */
export function publicSignalCount({ system, rounds }: CommittedCircuit): number {
  return (
    system.publicOutputCount +
    system.publicInputCount -
    rounds.reduce((sum, { challenge }) => sum + Number(challenge), 0)
  );
}

/** The challenge's wire of each round; undefined for a round without one. */
export function challengeWires(circuit: CommittedCircuit): (number | undefined)[] {
  let next = 1 + publicSignalCount(circuit);
  return circuit.rounds.map(({ challenge }) => (challenge ? next++ : undefined));
}

/**
 * Refuses rounds that a setup must not be made for: overlapping or public wires, empty sets, and sets whose commitment
 * would not be binding because the columns of their wires are linearly dependent.
 * @throws RoundsError
 */
export function requireRounds(circuit: CommittedCircuit): void {
  const { system, rounds } = circuit;
  if (rounds.length === 0 || rounds.length > MAX_ROUNDS)
    throw new RoundsError(`A committed circuit has 1 to ${MAX_ROUNDS} rounds; this one has ${rounds.length}.`);
  if (publicSignalCount(circuit) < 0)
    throw new RoundsError('The circuit has more rounds with a challenge than public wires: each challenge is one.');
  const firstPrivate = 1 + system.publicOutputCount + system.publicInputCount;
  const roundOf = new Int8Array(system.wireCount).fill(-1);
  for (const [j, { wires }] of rounds.entries()) {
    if (wires.length === 0) throw new RoundsError(`Round ${j} has no wires: there is nothing to commit to.`);
    for (const wire of wires) {
      if (wire >= system.wireCount)
        throw new RoundsError(`Round ${j} names wire ${wire}; the circuit has ${system.wireCount} wires.`);
      if (wire < firstPrivate)
        throw new RoundsError(`Round ${j} names wire ${wire}, which is public: only private wires are committed to.`);
      if (roundOf[wire] !== -1) throw new RoundsError(`Wire ${wire} is in round ${roundOf[wire]} and in round ${j}.`);
      roundOf[wire] = j;
    }
    requireIndependentColumns(system, wires, `round ${j}`);
  }
}
