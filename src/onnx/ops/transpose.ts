/** Transpose, DepthToSpace and SpaceToDepth: permutations of dimensions, some of them split before and joined after. */
import { identityView, reshapeView, transposeView } from '../../tensor/views.js';
import type { Activation } from '../values.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

/** Reverses the dimensions where `perm` is missing. A softmax left out before it goes along with its dimension. */
export const lowerTranspose: Lowering = (context) => {
  const x = context.activation(0);
  const permutation = context.ints('perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  if (
    permutation.length !== x.shape.length ||
    context.axes(permutation, x.shape.length).length !== permutation.length
  ) {
    throw context.shapeError(`perm [${permutation.join(', ')}] is no permutation of its dimensions`);
  }
  const axes = permutation.map((axis) => context.axis(axis, x.shape.length));
  const moved = moveOne(context, x, transposeView(identityView(x.shape), axes));
  return [
    x.omitted === undefined
      ? moved
      : {
          ...moved,
          omitted: { ...x.omitted, axes: x.omitted.axes.map((axis) => axes.indexOf(axis)).sort((a, b) => a - b) },
        },
  ];
};

function image(context: NodeContext): { x: Activation; block: number } {
  const x = context.activation(0);
  const block = context.int('blocksize', 0);
  if (x.shape.length !== 4) throw context.shapeError('x must be [N, channels, height, width]');
  if (block < 1) throw context.unsupportedAttribute('blocksize', block, '1 or more is');
  return { x, block };
}

export const lowerDepthToSpace: Lowering = (context) => {
  const { x, block } = image(context);
  const mode = context.string('mode', 'DCR');
  const [n, c, h, w] = x.shape;
  if (c % (block * block) !== 0)
    throw context.shapeError(`${c} channels cannot be spread over blocks of ${block} by ${block}`);
  const depth = c / (block * block);
  const [split, permutation] =
    mode === 'CRD'
      ? [
          [n, depth, block, block, h, w],
          [0, 1, 4, 2, 5, 3],
        ]
      : [
          [n, block, block, depth, h, w],
          [0, 3, 4, 1, 5, 2],
        ];
  const view = transposeView(reshapeView(identityView(x.shape), split), permutation);
  return [moveOne(context, x, reshapeView(view, [n, depth, h * block, w * block]))];
};

/** `mode` since opset 28: the block before the channels, or after them. */
export const lowerSpaceToDepth: Lowering = (context) => {
  const { x, block } = image(context);
  const mode = context.string('mode', 'DCR');
  if (mode !== 'DCR' && mode !== 'CRD') throw context.unsupportedAttribute('mode', mode, 'DCR and CRD are');
  const [n, c, h, w] = x.shape;
  if (h % block !== 0 || w % block !== 0)
    throw context.shapeError(`it does not divide into blocks of ${block} by ${block}`);
  const split = [n, c, h / block, block, w / block, block];
  const view = transposeView(
    reshapeView(identityView(x.shape), split),
    mode === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4],
  );
  return [moveOne(context, x, reshapeView(view, [n, c * block * block, h / block, w / block]))];
};
