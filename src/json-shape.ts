/**
 * The shape of JSON that somebody else wrote, checked by hand: proofs, keys and openings are read at the start of short
 * commands, and loading a schema library takes longer than verifying a proof. Each function gives its value with its
 * type, or says where it is not so.
 */

/** What is wrong, behind the path to it: `pi_a.0: not a decimal number`. */
export class ShapeMismatch extends Error {
  constructor(path: string, what: string) {
    super(`${path || 'top level'}: ${what}`);
  }
}

type Read<T> = (value: unknown, path: string) => T;

const below = (path: string, key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);

/** An object's own properties. @throws ShapeMismatch */
export function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeMismatch(path, 'not an object');
  return value as Record<string, unknown>;
}

/** One property, read by `read`. @throws ShapeMismatch */
export function fieldAt<T>(object: Readonly<Record<string, unknown>>, key: string, path: string, read: Read<T>): T {
  return read(Object.hasOwn(object, key) ? object[key] : undefined, below(path, key));
}

/** The same, where the property may be absent. @throws ShapeMismatch */
export function optionalAt<T>(
  object: Readonly<Record<string, unknown>>,
  key: string,
  path: string,
  read: Read<T>,
): T | undefined {
  return Object.hasOwn(object, key) && object[key] !== undefined ? fieldAt(object, key, path, read) : undefined;
}

/** An array, of `length` elements where it is given. */
export function arrayOf<T>(read: Read<T>, length?: number): Read<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeMismatch(path, 'not an array');
    if (length !== undefined && value.length !== length)
      throw new ShapeMismatch(path, `an array of ${value.length}, not of ${length}`);
    return value.map((element, i) => read(element, below(path, i)));
  };
}

/** Text of this form; `what` is said of other text. */
export function textLike(form: RegExp, what: string): Read<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !form.test(value)) throw new ShapeMismatch(path, what);
    return value;
  };
}

/** Exactly this value. */
export function literal<T extends string>(wanted: T): Read<T> {
  return (value, path) => {
    if (value !== wanted) throw new ShapeMismatch(path, `not "${wanted}"`);
    return wanted;
  };
}

/** A number that is an integer, and exact. */
export const integerAt: Read<number> = (value, path) => {
  if (!Number.isSafeInteger(value)) throw new ShapeMismatch(path, 'not an integer');
  return value as number;
};

/** A number below 10^78 in decimal digits, as proofs and keys are written. */
export const decimalAt: Read<string> = textLike(/^\d{1,78}$/, 'not a decimal number');
