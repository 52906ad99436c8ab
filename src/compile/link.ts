/**
 * The linker: a netlist and the gadgets' object files in, one constraint system and its witness plan out. Each
 * instance's rows are the object's own, with inner and output wires renamed and input wires replaced by linear
 * combinations of earlier wires (decision 3 in docs/architecture.md). It adds no constraint of its own but `wire =
 * combination`.
 *
 * The trap: two inputs of one gadget may share wires, so substituted rows must be merged wire by wire.
 */
import type { GadgetObject } from '../circom/object.js';
import { gadgetKey } from '../gadgets/index.js';
import { R1csBuilder, type CoefficientTable, type MatrixBuilder } from '../r1cs/builder.js';
import type { ConstraintSource, R1cs, SparseMatrix } from '../r1cs/types.js';
import { AccumulatorOverflowError } from '../quantize/errors.js';
import { addDistinctRow, addRow, addValue, Merger, Terms } from './linear-layer.js';
import { WindowRows } from './window-rows.js';
import { linkCopies } from './copies.js';
import { rowCount, termsOf, type LinearRows } from './linear-rows.js';
import type { Netlist } from './netlist.js';
import { WIRE, type BigCombination, type Operand, type Step } from './steps.js';
import type { BigRow, LinearBlock, WitnessPlan } from './witness-plan.js';

export interface Linked {
  readonly constraints: ConstraintSource;
  readonly plan: WitnessPlan;
  readonly layers: readonly LayerCost[];
}

/** Constraints of a layer. */
export interface LayerCost {
  readonly name: string;
  readonly constraints: number;
}

type Coefficient = number | bigint;

export function link(netlist: Netlist, objects: ReadonlyMap<string, GadgetObject>): Linked {
  const linked = linkOne(netlist, objects);
  const { copies } = netlist;
  return copies === undefined ? linked : linkCopies(linked, linkOne(copies.body, objects), copies);
}

function linkOne(netlist: Netlist, objects: ReadonlyMap<string, GadgetObject>): Linked {
  const gadgets = netlist.gadgets.map((spec) => prepare(objects.get(gadgetKey(spec)) as GadgetObject));
  const places = allocate(netlist, gadgets);
  const layerConstraints = new Array<number>(netlist.layers.length).fill(0);
  for (const { gadget, layer } of netlist.steps) {
    layerConstraints[layer] += gadget === WIRE ? 1 : gadgets[gadget].object.system.constraintCount;
  }
  const counts = {
    wireCount: places.wireCount,
    publicOutputCount: netlist.publicOutputs.length,
    publicInputCount: netlist.publicInputs.length,
    privateInputCount: netlist.privateInputs.length,
  };
  const plan = planOf(netlist, gadgets, places, counts);
  return {
    constraints: new LinkedConstraints(netlist, gadgets, places, counts, layerConstraints),
    plan,
    layers: netlist.layers.map((name, i) => ({ name, constraints: layerConstraints[i] })),
  };
}

/** Entries after which a batch ends. */
const BATCH = 1 << 20;

/**
 * The circuit's constraints, written out batch by batch whenever they are read: those of a large model do not fit
 * memory.
 */
class LinkedConstraints implements ConstraintSource {
  readonly constraintCount: number;
  readonly wireCount: number;
  readonly publicOutputCount: number;
  readonly publicInputCount: number;
  readonly privateInputCount: number;
  private counted?: number;

  constructor(
    private readonly netlist: Netlist,
    private readonly gadgets: readonly Prepared[],
    private readonly places: WirePlaces,
    private readonly counts: Counts,
    layerConstraints: readonly number[],
  ) {
    this.constraintCount = layerConstraints.reduce((sum, count) => sum + count, 0);
    ({
      wireCount: this.wireCount,
      publicOutputCount: this.publicOutputCount,
      publicInputCount: this.publicInputCount,
      privateInputCount: this.privateInputCount,
    } = counts);
  }

  get nonZeros(): number {
    if (this.counted === undefined) for (const _ of this.batches());
    return this.counted as number;
  }

  *batches(): Generator<R1cs> {
    const builder = new R1csBuilder();
    const writer = new StepWriter(this.netlist, this.gadgets, this.places, builder);
    let count = 0;
    const { steps } = this.netlist;
    for (let index = 0; index < steps.length; index += 1) {
      writer.write(steps.at(index), index);
      if (builder.entryCount < BATCH) continue;
      count += builder.entryCount;
      yield builder.view(this.counts);
      builder.clear();
    }
    this.counted = count + builder.entryCount;
    yield builder.view(this.counts);
  }
}

interface Prepared {
  readonly object: GadgetObject;
  readonly innerCount: number;
  /** Coefficients as numbers where they are safe integers. */
  readonly coefficients: readonly Coefficient[];
}

function prepare(object: GadgetObject): Prepared {
  return {
    object,
    innerCount: object.system.wireCount - 1 - object.outputCount - object.inputCount,
    coefficients: object.system.coefficients.map(tidy),
  };
}

function tidy(value: bigint): Coefficient {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

interface WirePlaces {
  readonly wireCount: number;
  /** Values of layers that are not written out have no wire: their places in the witness plan come after the wires. */
  readonly wireOfValue: Uint32Array;
  /** Number of these places. */
  readonly slotCount: number;
  readonly innerWire: Uint32Array;
}

/**
 * Wire numbers: one, public outputs, public inputs, private inputs, results of copies, then each step's output and inner
 * wires.
 */
function allocate(netlist: Netlist, gadgets: readonly Prepared[]): WirePlaces {
  const wireOfValue = new Uint32Array(netlist.valueCount);
  let next = 1;
  for (const value of [...netlist.publicOutputs, ...netlist.publicInputs, ...netlist.privateInputs]) {
    wireOfValue[value] = next;
    next += 1;
  }
  if (netlist.copies !== undefined) {
    const { count, body, firstResult } = netlist.copies;
    for (let i = 0; i < count * body.publicOutputs.length; i += 1) {
      wireOfValue[firstResult + i] = next;
      next += 1;
    }
  }
  const innerWire = new Uint32Array(netlist.steps.length);
  netlist.steps.forEach((step, index) => {
    const outputs = step.gadget === WIRE ? 1 : gadgets[step.gadget].object.outputCount;
    for (let k = 0; k < outputs; k += 1) {
      const value = step.firstValue + k;
      if (wireOfValue[value] !== 0) continue;
      wireOfValue[value] = next;
      next += 1;
    }
    innerWire[index] = next;
    if (step.gadget !== WIRE) next += gadgets[step.gadget].innerCount;
  });
  let slotCount = 0;
  for (const { first, count } of netlist.linear.layers) {
    for (let i = 0; i < count; i += 1) wireOfValue[first + i] = next + slotCount + i;
    slotCount += count;
  }
  return { wireCount: next, wireOfValue, slotCount, innerWire };
}

function isBig(operand: Operand): operand is BigCombination {
  return 'values' in operand;
}

/** Writes the constraints of one step after the other. */
class StepWriter {
  private readonly ids: readonly Uint32Array[];
  private readonly terms = new Terms();
  /** Terms of a row by value; wire 0 is place `one`, and the step's own inner wires are the places from `inner` on. */
  private readonly row: MergedRow;
  private readonly windowRows: WindowRows;
  private readonly one: number;
  private readonly inner: number;
  /** First of the inner wires of the step that is written. */
  private innerWire = 0;

  constructor(
    private readonly netlist: Netlist,
    private readonly gadgets: readonly Prepared[],
    private readonly places: WirePlaces,
    private readonly builder: R1csBuilder,
  ) {
    this.ids = gadgets.map((gadget) =>
      Uint32Array.from(gadget.object.system.coefficients, (value) => builder.coefficients.idOf(value)),
    );
    this.one = netlist.valueCount;
    this.inner = this.one + 1;
    const most = gadgets.reduce((count, { innerCount }) => Math.max(count, innerCount), 0);
    this.row = new MergedRow(this.inner + most);
    this.windowRows = new WindowRows(places.wireOfValue, builder.coefficients);
  }

  write(step: Step, index: number): void {
    if (step.gadget === WIRE) this.writeWire(step);
    else this.writeInstance(this.gadgets[step.gadget], this.ids[step.gadget], step, index);
  }

  /** 0 * 0 = combination - wire */
  private writeWire(step: Step): void {
    const { row, builder } = this;
    row.clear();
    this.addOperand(step.operands[0], 1, true);
    row.finish(builder.c, builder.coefficients, this.wireAt);
    builder.c.push(this.places.wireOfValue[step.firstValue], builder.coefficients.idOf(-1));
    builder.endConstraint();
  }

  private writeInstance(gadget: Prepared, ids: Uint32Array, step: Step, index: number): void {
    const { builder, places, row: merged } = this;
    const { object } = gadget;
    const firstInput = 1 + object.outputCount;
    const firstInner = firstInput + object.inputCount;
    this.innerWire = places.innerWire[index];
    const placeOf = (local: number): number => {
      if (local === 0) return this.one;
      return local < firstInput ? step.firstValue + local - 1 : this.inner + local - firstInner;
    };
    const writeRow = (matrix: SparseMatrix, row: number, target: MatrixBuilder): void => {
      const start = matrix.offsets[row];
      const end = matrix.offsets[row + 1];
      let inputs = 0;
      for (let k = start; k < end; k += 1)
        if (matrix.wires[k] >= firstInput && matrix.wires[k] < firstInner) inputs += 1;
      if (inputs === 0) {
        for (let k = start; k < end; k += 1) target.push(this.wireAt(placeOf(matrix.wires[k])), ids[matrix.values[k]]);
        return;
      }
      merged.clear();
      for (let k = start; k < end; k += 1) {
        const local = matrix.wires[k];
        const factor = gadget.coefficients[matrix.values[k]];
        if (local >= firstInput && local < firstInner)
          this.addOperand(step.operands[local - firstInput], factor, inputs === 1);
        else merged.add(placeOf(local), factor);
      }
      merged.finish(target, builder.coefficients, this.wireAt);
    };
    for (let row = 0; row < object.system.constraintCount; row += 1) {
      writeRow(object.system.a, row, builder.a);
      writeRow(object.system.b, row, builder.b);
      writeRow(object.system.c, row, builder.c);
      builder.endConstraint();
    }
  }

  private readonly wireAt = (place: number): number => {
    if (place < this.one) return this.places.wireOfValue[place];
    return place === this.one ? 0 : this.innerWire + place - this.inner;
  };

  /**
   * Adds factor * operand to the open row; wire 0 carries the constant, which comes first. `alone`: the row has no
   * other operand.
   */
  private addOperand(operand: Operand, factor: Coefficient, alone: boolean): void {
    const { terms, row, netlist } = this;
    if (isBig(operand)) {
      const parts = operand.values.map((value, k) => ({ value, coefficient: operand.coefficients[k] }));
      let { constant } = operand;
      const expanded = parts.flatMap(({ value, coefficient }) => {
        terms.clear();
        addValue(terms, value, 1, netlist.linear);
        constant += coefficient * BigInt(terms.constant);
        return Array.from(terms.values.subarray(0, terms.length), (one, k) => ({
          one,
          coefficient: coefficient * BigInt(terms.coefficients[k]),
        }));
      });
      if (constant !== 0n) row.add(this.one, multiply(factor, tidy(constant)));
      for (const { one, coefficient } of expanded) row.add(one, multiply(factor, tidy(coefficient)));
      return;
    }
    terms.clear();
    // A gadget's own wires are no operand's, so terms that are distinct among themselves need no merging.
    const isDistinct =
      alone &&
      (factor === 1 || factor === -1) &&
      addDistinctRow(terms, operand.rows, operand.row, netlist.linear, (into, values) =>
        this.windowRows.add(into, values, factor),
      );
    if (!isDistinct) addRow(terms, operand.rows, operand.row, 1, netlist.linear);
    if (terms.constant !== 0) row.add(this.one, multiply(factor, terms.constant));
    const { values, coefficients, length } = terms;
    if (isDistinct) {
      row.addDistinct(terms, this.places.wireOfValue, factor as number);
      return;
    }
    for (let k = 0; k < length; k += 1) {
      const product = typeof factor === 'number' ? factor * coefficients[k] : NaN;
      if (product <= LARGEST && product >= -LARGEST) row.addNumber(values[k], product);
      else row.add(values[k], multiply(factor, coefficients[k]));
    }
  }
}

/** Integers up to here are exact in doubles. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The wire at a place of a row. */
type WireAt = (place: number) => number;

/**
 * One row whose terms are merged place by place: in doubles, an entry for every place, while they are exact. Terms with
 * large coefficients, and sums that grow large, are kept beside, in bigints. Places are values, not wires: a large
 * model has hundreds of millions of wires, nearly all inside its gadgets, and a tenth as many values.
 */
class MergedRow {
  private readonly sums: Float64Array;
  /** The row in which a place was last seen. */
  private readonly seen: Int32Array;
  /** Places of the open row in the order of their first terms. */
  private order = new Uint32Array(1024);
  private readonly large = new Map<number, bigint>();
  /** Terms that need no merging, where there are any: behind the first `distinctAt` of the others. */
  private distinct: { readonly terms: Terms; readonly wireOfValue: Uint32Array; readonly factor: number } | undefined;
  private distinctAt = 0;
  private count = 0;
  private round = 0;

  constructor(places: number) {
    this.sums = new Float64Array(places);
    this.seen = new Int32Array(places);
  }

  clear(): void {
    this.count = 0;
    this.round += 1;
    this.large.clear();
    this.distinct = undefined;
    if (this.round < LAST_ROUND) return;
    this.round = 1;
    this.seen.fill(0);
  }

  /** Terms of distinct values, of which the row has no other term; they stay as they are until `finish`. */
  addDistinct(terms: Terms, wireOfValue: Uint32Array, factor: number): void {
    this.distinct = { terms, wireOfValue, factor };
    this.distinctAt = this.count;
  }

  add(place: number, term: Coefficient): void {
    if (typeof term === 'number') this.addNumber(place, term);
    else this.addLarge(place, term);
  }

  /** `term`: at most LARGEST in size. */
  addNumber(place: number, term: number): void {
    if (this.seen[place] !== this.round) {
      this.seen[place] = this.round;
      this.sums[place] = 0;
      if (this.count === this.order.length) this.growOrder();
      this.order[this.count] = place;
      this.count += 1;
    }
    const sum = this.sums[place] + term;
    if (sum <= LARGEST && sum >= -LARGEST) this.sums[place] = sum;
    else this.addLarge(place, BigInt(term));
  }

  private addLarge(place: number, term: bigint): void {
    this.addNumber(place, 0);
    this.large.set(place, (this.large.get(place) ?? 0n) + term);
  }

  private growOrder(): void {
    const order = new Uint32Array(2 * this.order.length);
    order.set(this.order);
    this.order = order;
  }

  /** Appends the row's terms, those that cancel left out, in the order of each place's first. */
  finish(target: MatrixBuilder, table: CoefficientTable, wireAt: WireAt): void {
    for (let k = 0; k < this.count; k += 1) {
      if (k === this.distinctAt) this.finishDistinct(target, table);
      const place = this.order[k];
      const rest = this.large.size === 0 ? undefined : this.large.get(place);
      const sum = this.sums[place];
      if (rest === undefined && sum === 0) continue;
      const id = table.idOf(rest === undefined ? sum : tidy(rest + BigInt(sum)));
      // A sum of large terms may be a multiple of the modulus.
      if (rest === undefined || table.values[id] !== 0n) target.push(wireAt(place), id);
    }
    if (this.count === this.distinctAt) this.finishDistinct(target, table);
  }

  private finishDistinct(target: MatrixBuilder, table: CoefficientTable): void {
    if (this.distinct === undefined) return;
    const { wireOfValue, factor, terms } = this.distinct;
    target.pushTerms(terms, wireOfValue, factor, table);
  }
}

/** Rows after which the count begins anew: more would not fit an entry of 32 bits. */
const LAST_ROUND = 2 ** 31 - 1;

function multiply(a: Coefficient, b: Coefficient): Coefficient {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product;
  }
  return BigInt(a) * BigInt(b);
}

type Counts = Pick<WitnessPlan, 'wireCount' | 'publicOutputCount' | 'publicInputCount' | 'privateInputCount'>;

function planOf(netlist: Netlist, gadgets: readonly Prepared[], places: WirePlaces, counts: Counts): WitnessPlan {
  const { steps, linear } = netlist;
  const operandCount = linear.layers.reduce((count, { x }) => count + rowCount(x), steps.operandCount);
  let stepTerms = 0;
  for (const { operands } of steps) for (const operand of operands) stepTerms += smallTerms(operand);
  const termCount = linear.layers.reduce((count, { x }) => count + x.values.length, stepTerms);
  const gadget = new Int32Array(steps.length);
  const outputWire = new Uint32Array(steps.length);
  const operandOffsets = new Uint32Array(steps.length + 1);
  const termOffsets = new Uint32Array(operandCount + 1);
  const wires = new Uint32Array(termCount);
  const coefficients = new Float64Array(termCount);
  const constants = new Float64Array(operandCount);
  const big = new Map<number, BigRow>();
  const exact = new ExactSums(netlist);
  let operandIndex = 0;
  let term = 0;
  const addSmall = (rows: LinearRows, row: number, layer: () => string): void => {
    constants[operandIndex] = rows.constants[row];
    for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k += 1, term += 1) {
      wires[term] = places.wireOfValue[rows.values[k]];
      coefficients[term] = rows.coefficients[k];
    }
    exact.require(rows, row, layer);
    operandIndex += 1;
    termOffsets[operandIndex] = term;
  };
  steps.forEach((step, index) => {
    gadget[index] = step.gadget;
    if (step.gadget === WIRE || gadgets[step.gadget].object.outputCount > 0)
      outputWire[index] = places.wireOfValue[step.firstValue];
    for (const operand of step.operands) {
      if (isBig(operand)) {
        const { values, coefficients: factors, constant } = operand;
        big.set(operandIndex, {
          wires: values.map((value) => places.wireOfValue[value]),
          coefficients: factors,
          constant,
        });
        operandIndex += 1;
        termOffsets[operandIndex] = term;
      } else {
        addSmall(operand.rows, operand.row, () => netlist.layers[step.layer]);
      }
    }
    operandOffsets[index + 1] = operandIndex;
  });
  const blocks = linear.layers.map(({ op, position, x, first, count, stepsBefore }): LinearBlock => {
    const firstOperand = operandIndex;
    for (let row = 0; row < rowCount(x); row += 1) addSmall(x, row, () => op.layer);
    return {
      step: stepsBefore,
      position,
      op,
      firstOperand,
      operandCount: rowCount(x),
      first: places.wireOfValue[first],
      count,
    };
  });
  return {
    ...counts,
    slotCount: places.slotCount,
    linear: blocks,
    gadgets: gadgets.map(({ object: { spec, signals, outputCount, inputCount } }) => ({
      spec,
      signals,
      outputCount,
      inputCount,
    })),
    gadget,
    outputWire,
    innerWire: places.innerWire,
    operandOffsets,
    termOffsets,
    wires,
    coefficients,
    constants,
    big,
    resultOffsets: netlist.results.offsets,
    resultWires: netlist.results.values.map((value) => places.wireOfValue[value]),
    resultCoefficients: netlist.results.coefficients,
    resultConstants: netlist.results.constants,
  };
}

/**
 * Composed layers may have larger terms than each of them; the witness sums them in doubles, as does whoever writes
 * constraints.
 */
class ExactSums {
  private readonly merger = new Merger();

  constructor(private readonly netlist: Netlist) {}

  /** @throws AccumulatorOverflowError where a row's terms may add up to more than doubles hold exactly */
  require(rows: LinearRows, row: number, layer: () => string): void {
    const { magnitudes, linear } = this.netlist;
    let reach = Math.abs(rows.constants[row]);
    for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k += 1)
      reach += Math.abs(rows.coefficients[k]) * magnitudes[rows.values[k]];
    // A layer's value is at least half as large as any of its terms can be.
    if (linear.layers.length > 0 && reach > Number.MAX_SAFE_INTEGER / 2) reach = this.writtenOut(rows, row);
    if (reach > Number.MAX_SAFE_INTEGER) throw new AccumulatorOverflowError(overflow(layer(), reach));
  }

  private writtenOut(rows: LinearRows, row: number): number {
    const { magnitudes, linear, valueCount } = this.netlist;
    this.merger.terms.clear();
    addRow(this.merger.terms, rows, row, 1, linear);
    const { values, coefficients, length, constant } = this.merger.merge(valueCount);
    let reach = Math.abs(constant);
    for (let k = 0; k < length; k += 1) reach += Math.abs(coefficients[k]) * magnitudes[values[k]];
    return reach;
  }
}

function overflow(layer: string, reach: number): string {
  return `layer '${layer}': the terms of one combination add up to ${reach}, over 2^53; use fewer --activation-bits, or declare inputs nearer to zero`;
}

function smallTerms(operand: Operand): number {
  return isBig(operand) ? 0 : termsOf(operand.rows, operand.row);
}
