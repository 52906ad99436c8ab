/** What `compile` says of a model's layers. */
import type { Circuit } from '../compile/circuit.js';
import { borderOf } from '../compile/lower.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { bitsOf, boundModel } from '../integer/intervals.js';
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
  // By position: a layer of the network may have any name.
  const border = borderOf(circuit.ports);
  for (const layer of circuit.layers.slice(border.before, -border.after))
    constraints.set(layer.name, (constraints.get(layer.name) ?? 0) + layer.constraints);
  const before = circuit.layers.slice(0, border.before);
  const after = circuit.layers.slice(-border.after);
  const lastOps = new Map(model.ops.map((op) => [op.layer, op]));
  const layers = model.layers.map((layer): LayerReport => {
    const last = lastOps.get(layer.name);
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
