/** What quantization asks of every kind of layer. */
import type { GraphNode } from '../../network/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import type { IntegerModelBuilder } from '../integer-model-builder.js';
import type { CutPlan } from '../plan.js';
import type { Grid } from '../scale.js';

export interface QuantizedLayer<Node> {
  /** Appends to the model the integer ops that implement this node. */
  lower(node: Node, at: IntegerModelBuilder): void;
  /** The grid to which the input `name`, which this node alone reads, is next cut; undefined if nothing cuts it. */
  cut(node: Node, name: string, plan: CutPlan): Grid | undefined;
  /** How many values are cut when the input `name`, or what this layer makes of it, is next cut. */
  cutCount(node: Node, name: string, plan: CutPlan): number;
  /** The step that this node asks of its input `name`, whatever reads it too; Infinity where it asks for none. */
  readStep(node: Node, name: string, plan: CutPlan): number;
  /** Whether one cut of a tensor serves it and all other readers of which this is true, as their results are cut next. */
  readonly sharesCut: boolean;
  /** Whether it takes the square root of its input. */
  takesRoot(node: Node): boolean;
  /** The step that a square root of its result asks of what it adds up; undefined where it does not add up alone. */
  stepForRoot(node: Node, plan: CutPlan): number | undefined;
}

/** Answers of a layer that is no square root, and no sum that one may be taken of. */
export const besideRoots = { takesRoot: (): boolean => false, stepForRoot: (): undefined => undefined };

/** Nothing cuts what this layer reads to a grid that is known beforehand. */
export const uncut = (): undefined => undefined;
/** Any step will do. */
export const anyStep = (): number => Infinity;
/** What becomes of the input is cut as the layer's result is. */
export const asResult = (node: GraphNode, _name: string, plan: CutPlan): Grid | undefined => plan.cut(node.output);
/** A layer without cuts of its own: its input's extra bits are carried on. */
export const carried = (node: GraphNode, name: string, plan: CutPlan): number => plan.carriedThrough(node, name);
/** Each value of the result is cut. */
export const eachResult = (node: GraphNode): number => sizeOf(node.shape);
/** Each value of the input is cut. */
export const eachInput = (_node: GraphNode, name: string, plan: CutPlan): number => plan.size(name);
