/** Values of the benchmarks' options. */
import { InvalidArgumentError } from 'commander';

/** `12,14`: powers of two for domain sizes. */
export function powers(text: string): number[] {
  const values = text === '' ? [] : text.split(',').map(Number);
  if (values.some((value) => !Number.isInteger(value) || value < 4 || value > 24)) {
    throw new InvalidArgumentError('must be powers of two between 4 and 24, such as 12,14.');
  }
  return values;
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a positive integer.');
  return value;
}
