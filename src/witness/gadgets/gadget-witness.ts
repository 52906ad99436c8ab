/**
 * What witness generation knows of a gadget: a function from its inputs to the value of each of its local wires (decision 6 of
 * the design). Wires are found by their signals' names, once, so that circom's order and its simplification do not matter.
 */
import type { GadgetSignals } from '../../circom/object.js';

/** A gadget on integers below 2^53 in size. */
export interface IntegerGadget {
  readonly field: false;
  /** Writes every local wire, the constant one and the inputs included, for inputs within the gadget's contract. */
  run(inputs: ArrayLike<number>, out: Float64Array): void;
}

/** A gadget on field elements; values in and out are in [0, r). */
export interface FieldGadget {
  readonly field: true;
  run(inputs: readonly bigint[], out: bigint[]): void;
}

export type GadgetWitness = IntegerGadget | FieldGadget;

/** Makes the function for one object file. */
export type Prepare = (object: GadgetSignals) => GadgetWitness;

/** Finds local wires by signal name. */
export class Wires {
  private readonly byName = new Map<string, number>();

  constructor(private readonly object: GadgetSignals) {
    object.signals.forEach((name, wire) => this.byName.set(name, wire));
  }

  /** The wire of a signal. */
  one(name: string): number {
    const wire = this.byName.get(name);
    if (wire === undefined) throw new Error(`${this.object.spec.template} has no wire for its signal ${name}`);
    return wire;
  }

  /** The wires of `name[0]`, ..., `name[count - 1]`. */
  many(name: string, count: number): Int32Array {
    return Int32Array.from({ length: count }, (_, i) => this.one(`${name}[${i}]`));
  }
}

/** Writes the binary digits of an integer, 0 <= value < 2^53, least significant first. */
export function writeDigits(value: number, wires: Int32Array, out: Float64Array): void {
  let rest = value;
  for (let i = 0; i < wires.length; ) {
    const low = rest % 0x40000000;
    rest = (rest - low) / 0x40000000;
    let word = low | 0;
    for (const end = Math.min(i + 30, wires.length); i < end; i++) {
      out[wires[i]] = word & 1;
      word >>= 1;
    }
  }
}
