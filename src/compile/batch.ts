/**
 * The border of a batch: codes and results of all copies as ports of one circuit, packed and committed to over all rows,
 * and one context. The copies themselves are linked in `copies.ts`.
 */
import type { IntegerModel } from '../integer/integer-model.js';
import type { PortRole } from '../port-roles.js';
import { sizeOf } from '../tensor/shape.js';
import { commit, declareContext, packRows, publish } from './boundary.js';
import { joinRows, type LinearRows } from './linear-rows.js';
import { NetlistBuilder, type Netlist } from './netlist.js';
import { layerOfPort, portsBySource, signalsOfPort, type Port } from './ports.js';

/** Where one copy has its tensors: first code or result of each, and how many there are in all. */
interface RowPlaces {
  readonly firsts: readonly number[];
  readonly all: number;
}

function placesOf(tensors: readonly { readonly shape: readonly number[] }[]): RowPlaces {
  const firsts: number[] = [];
  let all = 0;
  for (const { shape } of tensors) {
    firsts.push(all);
    all += sizeOf(shape);
  }
  return { firsts, all };
}

/** Rows that are the sums of one value of each copy. */
function sumsOver(count: number, size: number, valueOf: (copy: number, i: number) => number): LinearRows {
  return {
    offsets: Uint32Array.from({ length: size + 1 }, (_, i) => i * count),
    values: Uint32Array.from({ length: size * count }, (_, at) => valueOf(at % count, Math.floor(at / count))),
    coefficients: new Float64Array(size * count).fill(1),
    constants: new Float64Array(size),
  };
}

/**
 * A circuit of `model.batch` copies of `body`, whose public outputs are the elements of one row's outputs and whose
 * private inputs are its codes. `ports`: those of the whole batch.
 */
export function batchNetlist(
  model: IntegerModel,
  body: Netlist,
  ports: readonly Port[],
  contextLayer: string,
): Netlist {
  const count = model.batch as number;
  const netlist = new NetlistBuilder();
  const publicValues = new Map(ports.map((port) => [port.role, signalsOfPort(port).map(() => netlist.value())]));
  for (const values of publicValues.values()) for (const value of values) netlist.publicOutputs.push(value);
  const declare = (values: readonly number[]): number => {
    const first = netlist.valueCount;
    for (let copy = 0; copy < count; copy += 1)
      for (const value of values) netlist.value(-body.magnitudes[value], body.magnitudes[value]);
    return first;
  };
  const firstCode = declare(body.privateInputs);
  for (let value = firstCode; value < netlist.valueCount; value += 1) netlist.privateInputs.push(value);
  const firstResult = declare(body.publicOutputs);

  const sides: Record<PortRole, { readonly first: number; readonly places: RowPlaces; readonly isCode: boolean }> = {
    input: { first: firstCode, places: placesOf(model.inputs), isCode: true },
    output: { first: firstResult, places: placesOf(model.outputs), isCode: false },
  };
  /** Rows of tensor k of a port: the wires of all copies, in the order of its elements, as integers of the model. */
  const rowsOfPort = ({ role, tensors }: Port, k: number): LinearRows => {
    const { first, places, isCode } = sides[role];
    const size = sizeOf(tensors[k].shape);
    const { base } = tensors[k];
    if (!isCode && model.summed)
      return sumsOver(count, size, (copy, i) => first + copy * places.all + places.firsts[k] + i);
    const inRow = size / count;
    return {
      offsets: Uint32Array.from({ length: size + 1 }, (_, i) => i),
      values: Uint32Array.from(
        { length: size },
        (_, i) => first + Math.floor(i / inRow) * places.all + places.firsts[k] + (i % inRow),
      ),
      coefficients: new Float64Array(size).fill(1),
      constants: new Float64Array(size).map((_, i) => (isCode ? (typeof base === 'number' ? base : base[i]) : 0)),
    };
  };
  const expose = (port: Port): void => {
    netlist.enter(layerOfPort(port));
    const words = port.tensors.flatMap(({ packing, base }, k) =>
      packRows(rowsOfPort(port, k), packing, base, netlist.valueCount),
    );
    const values = publicValues.get(port.role) as number[];
    if (port.visibility === 'public') publish(words, values, netlist);
    if (port.visibility === 'hashed') commit(words, values[0], port.domain, netlist);
  };
  const given = portsBySource(ports, 'given');
  for (const port of [...given, ...portsBySource(ports, 'computed')]) expose(port);
  netlist.enter(contextLayer);
  declareContext(netlist);
  const computed = portsBySource(ports, 'computed').flatMap((port) => port.tensors.map((_, k) => rowsOfPort(port, k)));
  return { ...netlist.finish(joinRows(computed)), copies: { count, body, firstResult, layersBefore: given.length } };
}
