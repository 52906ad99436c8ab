/** What every requantizer begins with: in = 2^shift * u + remainder. */
import { writeDigits, type Wires } from './gadget.js';

/** Gives a function that writes the constant wire, the wire `in` and the digits `remainder` for an input, and returns u. */
export function prepareDivision(wires: Wires, shift: number): (value: number, out: Float64Array) => number {
  const input = wires.one('in');
  const remainder = wires.many('remainder', shift);
  const unit = 2 ** shift;
  return (value, out) => {
    out[0] = 1;
    out[input] = value;
    const u = Math.floor(value / unit);
    writeDigits(value - u * unit, remainder, out);
    return u;
  };
}
