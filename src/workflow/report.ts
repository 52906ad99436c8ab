/** What `compile` says of a model's layers. */
import type { Circuit } from '../compile/compile.js';
import type { IntegerModel } from '../quantize/integer-model.js';
import { bitsOf, boundModel } from '../quantize/intervals.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import type { Shape } from '../tensor/shape.js';

export interface LayerReport {
  readonly name: string;
  /** Operator in the ONNX file; absent for the circuit's own border (input range checks, commitment, outputs). */
  readonly op?: string;
  readonly shape?: Shape;
  readonly constraints: number;
  /** Bits of the widest value that the layer passes on. */
  readonly bits?: number;
}

/** One entry per layer of the network, in order, the circuit's border first and last. */
export function reportLayers(model: IntegerModel, circuit: Circuit): LayerReport[] {
  const bounds = boundModel(model);
  const constraints = new Map<string, number>();
  for (const layer of circuit.layers) constraints.set(layer.name, (constraints.get(layer.name) ?? 0) + layer.constraints);
  const named = new Set(model.layers.map((layer) => layer.name));
  const border = circuit.layers.filter((layer) => !named.has(layer.name));
  const before = border.filter((layer) => layer.name.includes('input'));
  const after = border.filter((layer) => !layer.name.includes('input'));
  const layers = model.layers.map((layer): LayerReport => {
    const last = model.ops.filter((op) => op.layer === layer.name).at(-1);
    const range = last && hull(bounds.get(last.output) as Intervals);
    return {
      name: layer.name,
      op: layer.op,
      shape: layer.shape,
      constraints: constraints.get(layer.name) ?? 0,
      ...(range ? { bits: Math.max(1, bitsOf(range[1] - range[0])) } : {}),
    };
  });
  return [...before, ...layers, ...after];
}
