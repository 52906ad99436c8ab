/**
 * The steps of a netlist, in order and in columns: a large model has ten million of them, and an object for each, with
 * its operands, would take gigabytes.
 */
import type { LinearRows } from './linear-rows.js';

/** A combination with coefficients too large for floats: packed words of outputs and inputs. */
export interface BigCombination {
  readonly values: readonly number[];
  readonly coefficients: readonly bigint[];
  readonly constant: bigint;
}

/** Where a step's input comes from: a row of small coefficients, or a big combination. */
export type Operand = { readonly rows: LinearRows; readonly row: number } | BigCombination;

/** One instance of a gadget, or (`gadget` = WIRE) a value that is a linear combination with a wire of its own. */
export interface Step {
  readonly gadget: number;
  readonly operands: readonly Operand[];
  /** First value made; a gadget makes one for each of its outputs, numbered consecutively. */
  readonly firstValue: number;
  /** Layer this step belongs to, as position in the netlist's `layers`. */
  readonly layer: number;
}

export const WIRE = -1;

/** In place of the number of a list of rows: the operand is a big combination. */
const BIG = 2 ** 32 - 1;

export class NetlistSteps implements Iterable<Step> {
  private readonly gadget = new Column(Int32Array);
  private readonly firstValue = new Column(Uint32Array);
  private readonly layer = new Column(Int32Array);
  /** By step: the number of operands up to its end. */
  private readonly operandsUntil = new Column(Uint32Array);
  /** By operand: its list of rows, or BIG; and its row, or its position among the big combinations. */
  private readonly list = new Column(Uint32Array);
  private readonly row = new Column(Uint32Array);
  private readonly lists: LinearRows[] = [];
  private readonly numbers = new Map<LinearRows, number>();
  private readonly big: BigCombination[] = [];

  get length(): number {
    return this.gadget.length;
  }

  /** Operands of all steps together. */
  get operandCount(): number {
    return this.list.length;
  }

  push({ gadget, operands, firstValue, layer }: Step): void {
    this.gadget.push(gadget);
    this.firstValue.push(firstValue);
    this.layer.push(layer);
    for (const operand of operands) {
      if ('values' in operand) {
        this.list.push(BIG);
        this.row.push(this.big.push(operand) - 1);
      } else {
        this.list.push(this.numberOf(operand.rows));
        this.row.push(operand.row);
      }
    }
    this.operandsUntil.push(this.list.length);
  }

  at(index: number): Step {
    const operands: Operand[] = [];
    const end = this.operandsUntil.values[index];
    for (let k = index === 0 ? 0 : this.operandsUntil.values[index - 1]; k < end; k += 1) {
      const [list, row] = [this.list.values[k], this.row.values[k]];
      operands.push(list === BIG ? this.big[row] : { rows: this.lists[list], row });
    }
    return {
      gadget: this.gadgetOf(index),
      operands,
      firstValue: this.firstValue.values[index],
      layer: this.layer.values[index],
    };
  }

  /** The gadget of a step, for those that ask nothing else of it. */
  gadgetOf(index: number): number {
    return this.gadget.values[index];
  }

  *[Symbol.iterator](): Iterator<Step> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  forEach(visit: (step: Step, index: number) => void): void {
    for (let index = 0; index < this.length; index += 1) visit(this.at(index), index);
  }

  private numberOf(rows: LinearRows): number {
    const known = this.numbers.get(rows);
    if (known !== undefined) return known;
    this.numbers.set(rows, this.lists.length);
    return this.lists.push(rows) - 1;
  }
}

/** Numbers in a typed array that grows as it fills. */
class Column<T extends Int32Array | Uint32Array> {
  values: T;
  length = 0;

  constructor(private readonly type: new (length: number) => T) {
    this.values = new type(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new this.type(2 * this.length);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length] = value;
    this.length += 1;
  }
}
