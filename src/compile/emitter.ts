/**
 * The state of the compiler: the linear rows of every tensor so far, and the steps all layer kinds share. The trap:
 * composing two linear layers multiplies their sizes; `narrowRows` gives long rows wires before that.
 */
import type { IntegerOp, TensorId } from '../integer/integer-model.js';
import type { Intervals } from '../tensor/intervals.js';
import type { Digits } from './layers/digits.js';
import type { LinearOp } from './linear-layer.js';
import { RowWriter, rowCount, ScratchPool, type LinearRows } from './linear-rows.js';
import type { NetlistBuilder } from './netlist.js';

/** Rows longer than this get wires of their own before a layer reads them many times. */
const LONG_ROW = 4;

/** In which form the tensors of a model are read. */
export interface Readings {
  readonly digits: ReadonlySet<TensorId>;
  readonly values: ReadonlySet<TensorId>;
}

interface EmitterOptions {
  /** Multiplications from which on a linear layer is not written out. */
  readonly leastWork: number;
  /** Position of an op in the model. */
  readonly positionOf: (op: IntegerOp) => number;
}

export class Emitter {
  private readonly tensors = new Map<TensorId, LinearRows>();
  private readonly scratches = new ScratchPool();
  private readonly wired = new Map<LinearRows, Map<number, LinearRows>>();

  private readonly tensorDigits = new Map<TensorId, { readonly low: number; readonly digits: Digits }>();

  /** `intervals`: worst-case intervals of every tensor of the integer model. */
  constructor(
    readonly netlist: NetlistBuilder,
    private readonly intervals: ReadonlyMap<TensorId, Intervals>,
    private readonly readings: Readings,
    private readonly options: EmitterOptions,
  ) {}

  /**
   * Sets the result of a dense or convolution layer over these rows without writing it out, if it is large.
   * Whether it did; if not, the caller writes the rows.
   */
  setLinear(op: LinearOp, x: LinearRows): boolean {
    const rows = this.netlist.linearLayer(op, this.options.positionOf(op), x, this.options.leastWork);
    if (rows !== undefined) this.set(op.output, rows);
    return rows !== undefined;
  }

  /** Whether some op takes this tensor's binary digits. */
  isReadByDigits(tensor: TensorId): boolean {
    return this.readings.digits.has(tensor);
  }

  /** Whether some op, or an output, takes this tensor's values. */
  isReadByValue(tensor: TensorId): boolean {
    return this.readings.values.has(tensor);
  }

  /** Digits of a tensor's distance from `low`, if they were made; of any number unless given. */
  digits(tensor: TensorId, low: number, bits?: number): Digits | undefined {
    const known = this.tensorDigits.get(tensor);
    return known?.low === low && (bits ?? known.digits.bits) === known.digits.bits ? known.digits : undefined;
  }

  setDigits(tensor: TensorId, low: number, digits: Digits): void {
    this.tensorDigits.set(tensor, { low, digits });
  }

  /** The interval of element i of a tensor by the model's own bounds. */
  bounds(tensor: TensorId, i: number): [number, number] {
    const { low, high } = this.intervals.get(tensor) as Intervals;
    return [low[i], high[i]];
  }

  /** The tightest interval known of element i of a tensor: from its combination, and from the model's own bounds. */
  interval(tensor: TensorId, i: number): [number, number] {
    return this.narrower(this.bounds(tensor, i), this.netlist.interval(this.rows(tensor), i));
  }

  narrower(a: readonly [number, number], b: readonly [number, number]): [number, number] {
    return [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
  }

  rows(tensor: TensorId): LinearRows {
    return this.tensors.get(tensor) as LinearRows;
  }

  set(tensor: TensorId, rows: LinearRows): void {
    this.tensors.set(tensor, rows);
  }

  /** Rows of an op's inputs, in order. */
  inputs(op: IntegerOp): LinearRows[] {
    return op.inputs.map((tensor) => this.rows(tensor));
  }

  /** The rows, each plus a constant. */
  shifted(rows: LinearRows, constant: number): LinearRows {
    return { ...rows, constants: rows.constants.map((value) => value + constant) };
  }

  writer(): RowWriter {
    return new RowWriter(this.netlist.valueCount, this.scratches);
  }

  /** The same rows, each of at most a few terms: longer ones become values with one linear constraint each. */
  narrowRows(rows: LinearRows, longest = LONG_ROW): LinearRows {
    const versions = this.wired.get(rows) ?? new Map<number, LinearRows>();
    this.wired.set(rows, versions);
    const known = versions.get(longest);
    if (known) return known;
    const long = Array.from({ length: rowCount(rows) }, (_, i) => this.netlist.termCount(rows, i) > longest);
    if (!long.includes(true)) return rows;
    const values = long.map((isLong, i) =>
      isLong ? this.netlist.wire({ rows, row: i }, ...this.netlist.interval(rows, i)) : -1,
    );
    const writer = this.writer();
    values.forEach((value, i) => {
      if (value < 0) writer.addRow(rows, i, 1);
      else writer.addTerm(value, 1);
      writer.endRow();
    });
    const narrow = writer.finish();
    versions.set(longest, narrow);
    return narrow;
  }

  /** One new value per element, each plus a constant, made by `make`. */
  elementwise(
    count: number,
    make: (i: number) => {
      readonly value?: number;
      readonly constant: number;
      readonly rows?: LinearRows;
      readonly row?: number;
    },
  ): LinearRows {
    const made = Array.from({ length: count }, (_, i) => make(i));
    const writer = this.writer();
    for (const { value, constant, rows, row } of made) {
      if (value !== undefined) writer.addTerm(value, 1);
      if (rows !== undefined) writer.addRow(rows, row as number, 1);
      writer.addConstant(constant);
      writer.endRow();
    }
    return writer.finish();
  }
}
