/**
 * Rows of a convolution that is not written out, made once for all positions where the filter lies alike: they have the
 * same coefficients, over wires that are as far apart. Most rows of a layer are then copies of one, with its wires
 * moved.
 */
import type { CoefficientTable } from '../r1cs/builder.js';
import { sizeOf } from '../tensor/shape.js';
import {
  addLayerValues,
  windowsOf,
  type LayerValues,
  type LinearLayer,
  type RowTerms,
  type Terms,
} from './linear-layer.js';

/** Positions of a channel below which few windows lie alike. */
const FEW_POSITIONS = 16;

/** A row as it stands in the circuit: the row's factor is in it. */
interface KnownRow extends RowTerms {
  readonly anchorWire: number;
  readonly constant: number;
}

export class WindowRows {
  /** Those of one channel: rows come channel by channel, and all channels' would not fit memory. */
  private known = new Map<string, KnownRow>();
  private knownOf?: { readonly layer: LinearLayer; readonly channel: number };
  private readonly evenLayers = new Map<LinearLayer, boolean>();

  constructor(
    private readonly wireOfValue: Uint32Array,
    private readonly coefficients: CoefficientTable,
  ) {}

  /** Adds what values of a layer stand for, in a row that will be multiplied by `rowFactor`, which is 1 or -1. */
  add(into: Terms, values: LayerValues, rowFactor: number): void {
    const { layer, value, factor, other } = values;
    const windows = sizeOf(layer.op.shape.slice(2)) < FEW_POSITIONS ? undefined : windowsOf(layer, value, other?.value);
    if (windows === undefined || !this.isEven(layer, windows.channels.plane)) return addLayerValues(into, values);
    const { channel, shape, anchor } = windows;
    if (this.knownOf?.layer !== layer || this.knownOf.channel !== channel) {
      this.known = new Map();
      this.knownOf = { layer, channel };
    }
    const key = `${shape} ${rowFactor * factor} ${rowFactor * (other?.factor ?? 0)}`;
    const anchorWire = this.wireOfValue[layer.x.values[anchor]];
    const row = this.known.get(key);
    if (row !== undefined) {
      into.moved = { wires: row.wires, ids: row.ids, at: into.length, shift: anchorWire - row.anchorWire };
      // The caller will multiply it by `rowFactor`, which is its own inverse.
      into.constant += rowFactor * row.constant;
      return;
    }
    const { length: start, constant } = into;
    addLayerValues(into, values);
    const count = into.length - start;
    const [wires, ids] = [new Uint32Array(count), new Uint32Array(count)];
    for (let k = 0; k < count; k += 1) {
      wires[k] = this.wireOfValue[into.values[start + k]];
      ids[k] = this.coefficients.idOf(rowFactor * into.coefficients[start + k]);
    }
    this.known.set(key, { wires, ids, anchorWire, constant: rowFactor * (into.constant - constant) });
  }

  /** Whether wires of neighbouring elements are equally far apart in all channels, and constants of a channel equal. */
  private isEven(layer: LinearLayer, plane: number): boolean {
    let known = this.evenLayers.get(layer);
    if (known === undefined) {
      const { values, constants } = layer.x;
      const wire = (i: number): number => this.wireOfValue[values[i]];
      const step = plane > 1 ? wire(1) - wire(0) : 0;
      known = values.every((_, i) => {
        const first = i - (i % plane);
        return wire(i) === wire(first) + (i - first) * step && constants[i] === constants[first];
      });
      this.evenLayers.set(layer, known);
    }
    return known;
  }
}
