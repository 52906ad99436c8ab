/**
 * NonMaxSuppression of constant boxes and scores, such as what a detector's anchors leave: in each batch and class, boxes
 * by falling score that overlap none of those taken before by more than a threshold. How many remain follows from the
 * data, so that boxes which the network computes cannot be chosen among in a circuit.
 */
import { constant, type Lowering, type NodeContext } from './context.js';

/** A box by its corners, ordered. */
type Box = readonly [x1: number, y1: number, x2: number, y2: number];

function boxesOf(context: NodeContext, isCentered: boolean): (at: number) => Box {
  const { data } = context.constant(0);
  return (at) => {
    const [a, b, c, d] = data.subarray(4 * at, 4 * at + 4);
    const [y1, x1, y2, x2] = isCentered ? [b - d / 2, a - c / 2, b + d / 2, a + c / 2] : [a, b, c, d];
    return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
  };
}

const areaOf = ([x1, y1, x2, y2]: Box): number => Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);

/** Area of the intersection over that of the union. */
function overlap(a: Box, b: Box): number {
  const both = areaOf([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
  return both === 0 ? 0 : both / (areaOf(a) + areaOf(b) - both);
}

export const foldNonMaxSuppression: Lowering = (context) => {
  const scores = context.constant(1);
  const [batches, classes, count] = scores.shape;
  const boxes = context.constant(0).shape;
  if (scores.shape.length !== 3 || boxes.length !== 3 || boxes[0] !== batches || boxes[1] !== count || boxes[2] !== 4)
    throw context.shapeError('boxes should be [batches, boxes, 4] and scores [batches, classes, boxes]');
  const [most = 0] = context.integers(2) ?? [];
  const [threshold = 0] = context.optionalConstant(3)?.data ?? [];
  const least = context.optionalConstant(4)?.data[0] ?? -Infinity;
  const boxAt = boxesOf(context, context.flag('center_point_box', false));
  const chosen: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    for (let k = 0; k < classes; k += 1) {
      const of = scores.data.subarray((batch * classes + k) * count, (batch * classes + k + 1) * count);
      const order = Array.from(of.keys())
        .filter((box) => of[box] > least)
        .sort((a, b) => of[b] - of[a] || a - b);
      context.boundWork(order.length * Math.min(order.length, most));
      const taken: Box[] = [];
      for (const box of order) {
        if (taken.length >= most) break;
        const corners = boxAt(batch * count + box);
        if (taken.some((other) => overlap(corners, other) > threshold)) continue;
        taken.push(corners);
        chosen.push(batch, k, box);
      }
    }
  }
  return [constant('int64', [chosen.length / 3, 3], Float64Array.from(chosen))];
};
