/** Openings as `zkinfer prove --opening` writes them, and back. What they open is in `opening.ts`. */
import { arrayOf, decimalAt, fieldAt, integerAt, objectAt, optionalAt, ShapeMismatch } from '../json-shape.js';
import { PORT_ROLES, type PortRole } from '../port-roles.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { parseJson } from '../user-json.js';
import { OpeningError } from './errors.js';
import type { Inference } from './inference.js';

export interface Opening {
  /** Decimal field elements, by the port that they salt. */
  readonly salts: Readonly<Partial<Record<PortRole, string>>>;
  /** The outputs' integers, where the output is committed to. */
  readonly outputs?: readonly (readonly number[])[];
}

function saltAt(value: unknown, path: string): string {
  const salt = decimalAt(value, path);
  if (BigInt(salt) >= FIELD_MODULUS) throw new ShapeMismatch(path, 'not below the scalar field of BN254');
  return salt;
}

function openingAt(value: unknown): Opening {
  const object = objectAt(value, '');
  const salts = fieldAt(object, 'salts', '', objectAt);
  const outputs = optionalAt(object, 'outputs', '', arrayOf(arrayOf(integerAt)));
  return {
    salts: Object.fromEntries(
      PORT_ROLES.flatMap((role) => {
        const salt = optionalAt(salts, role, 'salts', saltAt);
        return salt === undefined ? [] : [[role, salt]];
      }),
    ),
    ...(outputs === undefined ? {} : { outputs }),
  };
}

/** What opens the commitments of an inference. Whoever has it can check guesses of the input. */
export function openingOf({ salts, outputs }: Pick<Inference, 'salts' | 'outputs'>): Opening {
  return { salts, ...(salts.output === undefined ? {} : { outputs: outputs.map(({ integers }) => [...integers]) }) };
}

export function openingToJson(opening: Opening): string {
  return `${JSON.stringify(opening, null, 1)}\n`;
}

/** @throws OpeningError */
export function openingFromJson(text: string, source: string): Opening {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new OpeningError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  try {
    return openingAt(value);
  } catch (cause) {
    if (!(cause instanceof ShapeMismatch)) throw cause;
    throw new OpeningError(`${source} is no opening as \`zkinfer prove --opening\` writes it: ${cause.message}`, {
      cause,
    });
  }
}
