/**
 * The circuit's border: range-checked inputs, packed public words, salted Poseidon commitments and the context.
 * Commitment to words w0, w1, ...: h = Poseidon(salt, w0 .. w14) with the domain as capacity element, then h =
 * Poseidon(h, next up to 15 words), and so on. The domain is a constant that says what the words are, so that they open
 * as nothing else.
 *
 * The trap: packing binds its elements only because each is range-checked; words of unchecked values would not.
 */
import { context as contextGadget, inputRange, poseidonBlock } from '../gadgets/index.js';
import { sizeOf } from '../tensor/shape.js';
import { RowWriter, rowCount, singleValues, type LinearRows } from './linear-rows.js';
import type { NetlistBuilder } from './netlist.js';
import type { BigCombination, Operand } from './steps.js';
import type { PackingPlan } from './packing.js';
import type { PortTensor } from './ports.js';

/** Inputs of one Poseidon block after the chaining value. */
export const BLOCK_WORDS = 15;

/** Private codes u in [0, 2^bits - 1] of a tensor that the prover gives. Returns the first value. */
export function declareCodes({ shape, packing, fixed: isFixed }: PortTensor, netlist: NetlistBuilder): number {
  const size = sizeOf(shape);
  const top = isFixed ? 0 : 2 ** packing.bits - 1;
  const first = netlist.valueCount;
  for (let i = 0; i < size; i += 1) netlist.privateInputs.push(netlist.value(0, top));
  return first;
}

/**
 * Range checks of these codes, where nobody takes them as digits, which would be check enough. A code that is fixed is
 * 0: the only number that is 0 or 1 and whose negative is 0 or 1.
 */
export function checkCodes(
  { shape, packing, fixed: isFixed }: PortTensor,
  first: number,
  netlist: NetlistBuilder,
): void {
  const size = sizeOf(shape);
  const rows = singleValues(first, size, () => 0);
  const spec = inputRange.with({ max: 2 ** packing.bits - 1 });
  for (let row = 0; row < size; row += 1) netlist.check(spec, [{ rows, row }]);
  if (!isFixed) return;
  for (let i = 0; i < size; i += 1) netlist.check(spec, [{ values: [first + i], coefficients: [-1n], constant: 0n }]);
}

/** The tensor's rows: code plus base. */
export function givenRows({ shape, base }: PortTensor, first: number): LinearRows {
  return singleValues(first, sizeOf(shape), (i) => (typeof base === 'number' ? base : base[i]));
}

/** Words of packed rows, `base` subtracted from each: one number, or one for each row. */
export function packRows(
  rows: LinearRows,
  plan: PackingPlan,
  base: number | Float64Array,
  valueCount: number,
): BigCombination[] {
  const words: BigCombination[] = [];
  const scratch = new RowWriter(valueCount);
  for (let start = 0; start < rowCount(rows); start += plan.perWord) {
    const terms = new Map<number, bigint>();
    let constant = 0n;
    for (let j = 0; j < plan.perWord && start + j < rowCount(rows); j += 1) {
      const weight = 1n << BigInt(j * plan.bits);
      scratch.addRow(rows, start + j, 1);
      scratch.addConstant(-(typeof base === 'number' ? base : base[start + j]));
      const rest = scratch.discardRow((value, coefficient) => {
        if (coefficient !== 0) terms.set(value, (terms.get(value) ?? 0n) + BigInt(coefficient) * weight);
      });
      constant += BigInt(rest) * weight;
    }
    words.push({ values: [...terms.keys()], coefficients: [...terms.values()], constant });
  }
  return words;
}

/** One public output per word. */
export function publish(words: readonly BigCombination[], outputs: readonly number[], netlist: NetlistBuilder): void {
  words.forEach((word, i) => netlist.assign(outputs[i], word));
}

/** Chain of Poseidon blocks over salt and words; the last block's output becomes the value `output`. */
export function commit(
  words: readonly BigCombination[],
  output: number,
  domain: bigint,
  netlist: NetlistBuilder,
): void {
  const salt = netlist.value();
  netlist.privateInputs.push(salt);
  let chain = single(salt);
  for (let start = 0; start === 0 || start < words.length; start += BLOCK_WORDS) {
    const block: Operand[] = [fixed(start === 0 ? domain : 0n), chain, ...words.slice(start, start + BLOCK_WORDS)];
    const spec = poseidonBlock.with({ n: block.length - 1 });
    if (start + BLOCK_WORDS >= words.length) netlist.assignInstance(output, spec, block);
    else chain = single(netlist.instance(spec, block));
  }
}

/** The context: a public input that one constraint mentions, so that no tool drops it. */
export function declareContext(netlist: NetlistBuilder): void {
  const context = netlist.value();
  netlist.publicInputs.push(context);
  netlist.check(contextGadget.with({}), [single(context)]);
}

function fixed(constant: bigint): BigCombination {
  return { values: [], coefficients: [], constant };
}

function single(value: number): BigCombination {
  return { values: [value], coefficients: [1n], constant: 0n };
}
