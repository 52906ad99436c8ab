/**
 * The linker: a netlist and the gadgets' object files in, one constraint system and its witness plan out. Each instance's
 * rows are the object's own, with inner and output wires renamed and input wires replaced by linear combinations of
 * earlier wires (decision 3 in docs/architecture.md). It adds no constraint of its own but `wire = combination`.
 *
 * The trap: two inputs of one gadget may share wires, so substituted rows must be merged wire by wire.
 */
import type { GadgetObject } from '../circom/object.js';
import { gadgetKey } from '../gadgets/index.js';
import { R1csBuilder, type CoefficientTable, type MatrixBuilder } from '../r1cs/builder.js';
import type { R1cs, SparseMatrix } from '../r1cs/types.js';
import { AccumulatorOverflowError } from '../quantize/errors.js';
import { WIRE, type BigCombination, type Netlist, type Operand, type Step } from './netlist.js';
import type { BigRow, Program } from './program.js';

export interface Linked {
  readonly system: R1cs;
  readonly program: Program;
  /** Constraints of each of the netlist's layers. */
  readonly layerConstraints: readonly number[];
}

type Coefficient = number | bigint;

/** A combination over wires; wire 0 carries the constant. */
type WireTerms = (visit: (wire: number, coefficient: Coefficient) => void) => void;

export function link(netlist: Netlist, objects: ReadonlyMap<string, GadgetObject>): Linked {
  const gadgets = netlist.gadgets.map((spec) => prepare(objects.get(gadgetKey(spec)) as GadgetObject));
  const places = allocate(netlist, gadgets);
  const builder = new R1csBuilder();
  const ids = gadgets.map((gadget) => Uint32Array.from(gadget.object.system.coefficients, (value) => builder.coefficients.idOf(value)));
  const layerConstraints = new Array<number>(netlist.layers.length).fill(0);
  netlist.steps.forEach((step, index) => {
    const before = builder.constraintCount;
    const operands = step.operands.map((operand) => wireTerms(operand, places.wireOfValue));
    if (step.gadget === WIRE) {
      emitWire(operands[0], places.wireOfValue[step.firstValue], builder);
    } else {
      emitInstance(gadgets[step.gadget], ids[step.gadget], operands, step, index, places, builder);
    }
    layerConstraints[step.layer] += builder.constraintCount - before;
  });
  const counts = {
    wireCount: places.wireCount,
    publicOutputCount: netlist.publicOutputs.length,
    publicInputCount: netlist.publicInputs.length,
    privateInputCount: netlist.privateInputs.length,
  };
  return { system: builder.finish(counts), program: plan(netlist, gadgets, places, counts), layerConstraints };
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

interface Places {
  readonly wireCount: number;
  readonly wireOfValue: Uint32Array;
  readonly innerWire: Uint32Array;
}

/** Wire numbers: one, public outputs, public inputs, private inputs, then each step's output and inner wires. */
function allocate(netlist: Netlist, gadgets: readonly Prepared[]): Places {
  const wireOfValue = new Uint32Array(netlist.valueCount);
  let next = 1;
  for (const value of [...netlist.publicOutputs, ...netlist.publicInputs, ...netlist.privateInputs]) {
    wireOfValue[value] = next;
    next += 1;
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
  return { wireCount: next, wireOfValue, innerWire };
}

function isBig(operand: Operand): operand is BigCombination {
  return 'values' in operand;
}

function wireTerms(operand: Operand, wireOfValue: Uint32Array): WireTerms {
  if (isBig(operand)) {
    return (visit) => {
      if (operand.constant !== 0n) visit(0, tidy(operand.constant));
      operand.values.forEach((value, k) => visit(wireOfValue[value], tidy(operand.coefficients[k])));
    };
  }
  const { rows, row } = operand;
  return (visit) => {
    if (rows.constants[row] !== 0) visit(0, rows.constants[row]);
    for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k += 1) visit(wireOfValue[rows.values[k]], rows.coefficients[k]);
  };
}

/** 0 * 0 = combination - wire */
function emitWire(terms: WireTerms, wire: number, builder: R1csBuilder): void {
  terms((source, coefficient) => builder.c.push(source, builder.coefficients.idOf(coefficient)));
  builder.c.push(wire, builder.coefficients.idOf(-1));
  builder.endConstraint();
}

function emitInstance(
  gadget: Prepared,
  ids: Uint32Array,
  operands: readonly WireTerms[],
  step: Step,
  index: number,
  places: Places,
  builder: R1csBuilder,
): void {
  const { object } = gadget;
  const firstInput = 1 + object.outputCount;
  const firstInner = firstInput + object.inputCount;
  const rename = (local: number): number => {
    if (local === 0) return 0;
    return local < firstInput ? places.wireOfValue[step.firstValue + local - 1] : places.innerWire[index] + local - firstInner;
  };
  const emitRow = (matrix: SparseMatrix, row: number, target: MatrixBuilder): void => {
    const start = matrix.offsets[row];
    const end = matrix.offsets[row + 1];
    let substitutes = false;
    for (let k = start; k < end; k += 1) substitutes ||= matrix.wires[k] >= firstInput && matrix.wires[k] < firstInner;
    if (!substitutes) {
      for (let k = start; k < end; k += 1) target.push(rename(matrix.wires[k]), ids[matrix.values[k]]);
      return;
    }
    const merged = new Map<number, Coefficient>();
    for (let k = start; k < end; k += 1) {
      const local = matrix.wires[k];
      const factor = gadget.coefficients[matrix.values[k]];
      if (local >= firstInput && local < firstInner) {
        operands[local - firstInput]((wire, coefficient) => accumulate(merged, wire, multiply(factor, coefficient)));
      } else {
        accumulate(merged, rename(local), factor);
      }
    }
    pushMerged(merged, target, builder.coefficients);
  };
  for (let row = 0; row < object.system.constraintCount; row += 1) {
    emitRow(object.system.a, row, builder.a);
    emitRow(object.system.b, row, builder.b);
    emitRow(object.system.c, row, builder.c);
    builder.endConstraint();
  }
}

function multiply(a: Coefficient, b: Coefficient): Coefficient {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product;
  }
  return BigInt(a) * BigInt(b);
}

function accumulate(merged: Map<number, Coefficient>, wire: number, term: Coefficient): void {
  const known = merged.get(wire);
  if (known === undefined) {
    merged.set(wire, term);
    return;
  }
  const sum = typeof known === 'number' && typeof term === 'number' ? known + term : NaN;
  merged.set(wire, Number.isSafeInteger(sum) ? sum : BigInt(known) + BigInt(term));
}

function pushMerged(merged: ReadonlyMap<number, Coefficient>, target: MatrixBuilder, table: CoefficientTable): void {
  for (const [wire, coefficient] of merged) {
    const id = table.idOf(coefficient);
    if (table.values[id] !== 0n) target.push(wire, id);
  }
}

type Counts = Pick<Program, 'wireCount' | 'publicOutputCount' | 'publicInputCount' | 'privateInputCount'>;

function plan(netlist: Netlist, gadgets: readonly Prepared[], places: Places, counts: Counts): Program {
  const { steps } = netlist;
  const operandCount = steps.reduce((count, step) => count + step.operands.length, 0);
  const termCount = steps.reduce((count, { operands }) => count + operands.reduce((sum, operand) => sum + smallTerms(operand), 0), 0);
  const operandOffsets = new Uint32Array(steps.length + 1);
  const termOffsets = new Uint32Array(operandCount + 1);
  const wires = new Uint32Array(termCount);
  const coefficients = new Float64Array(termCount);
  const constants = new Float64Array(operandCount);
  const big = new Map<number, BigRow>();
  let operandIndex = 0;
  let term = 0;
  steps.forEach((step, index) => {
    for (const operand of step.operands) {
      if (isBig(operand)) {
        big.set(operandIndex, { wires: operand.values.map((value) => places.wireOfValue[value]), coefficients: operand.coefficients, constant: operand.constant });
      } else {
        const { rows, row } = operand;
        constants[operandIndex] = rows.constants[row];
        let reach = Math.abs(rows.constants[row]);
        for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k += 1, term += 1) {
          wires[term] = places.wireOfValue[rows.values[k]];
          coefficients[term] = rows.coefficients[k];
          reach += Math.abs(rows.coefficients[k]) * netlist.magnitudes[rows.values[k]];
        }
        // Composed layers may have larger terms than each of them; the witness sums them in doubles.
        if (reach > Number.MAX_SAFE_INTEGER) throw new AccumulatorOverflowError(overflow(netlist.layers[step.layer], reach));
      }
      operandIndex += 1;
      termOffsets[operandIndex] = term;
    }
    operandOffsets[index + 1] = operandIndex;
  });
  return {
    ...counts,
    gadgets: gadgets.map(({ object: { spec, signals, outputCount, inputCount } }) => ({ spec, signals, outputCount, inputCount })),
    gadget: Int32Array.from(steps, (step) => step.gadget),
    outputWire: Uint32Array.from(steps, (step) => (step.gadget === WIRE || gadgets[step.gadget].object.outputCount > 0 ? places.wireOfValue[step.firstValue] : 0)),
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

function overflow(layer: string, reach: number): string {
  return `layer '${layer}': the terms of one combination add up to ${reach}, over 2^53; use fewer --activation-bits, or declare inputs nearer to zero`;
}

function smallTerms(operand: Operand): number {
  return isBig(operand) ? 0 : operand.rows.offsets[operand.row + 1] - operand.rows.offsets[operand.row];
}
