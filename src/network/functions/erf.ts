/**
 * The error function, to double precision: erf(x) = 2 / sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (1 * 3 * ... *
 * (2n+1)) (Abramowitz and Stegun, 7.1.6). All terms have one sign, so nothing cancels; beyond 6 the function is 1 to
 * the last bit.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * size * size) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
}
