/** Pad, in all its modes. Negative pads crop. */
import { identityView, selectView } from '../../tensor/views.js';
import type { Lowering, NodeContext } from './context.js';
import { moveOne } from './moving.js';

/** Attributes before opset 11, inputs since; axes since 18. */
function readPads(context: NodeContext, rank: number): { begin: number[]; end: number[]; filler: number } {
  const attributes = context.opset < 11;
  const pads = attributes ? context.ints('pads') : context.integers(1);
  const filler = attributes ? context.float('value', 0) : (context.optionalConstant(2)?.data[0] ?? 0);
  const given = attributes || context.opset < 18 ? undefined : context.integers(3);
  const axes = (given ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) => context.axis(axis, rank));
  if (pads === undefined || pads.length !== 2 * axes.length)
    throw context.shapeError(`pads should have ${2 * axes.length} entries`);
  const begin = new Array<number>(rank).fill(0);
  const end = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    begin[axis] = pads[i];
    end[axis] = pads[i + axes.length];
  });
  return { begin, end, filler };
}

/** Where in a dimension of `size` the coordinate outside it is read from; -1 for the constant. */
const MODES: Record<string, (coordinate: number, size: number) => number> = {
  constant: () => -1,
  edge: (coordinate, size) => Math.max(0, Math.min(size - 1, coordinate)),
  wrap: (coordinate, size) => ((coordinate % size) + size) % size,
  reflect: (coordinate, size) => {
    const period = Math.max(1, 2 * (size - 1));
    const phase = ((coordinate % period) + period) % period;
    return Math.min(phase, period - phase);
  },
};

export const lowerPad: Lowering = (context) => {
  const x = context.activation(0);
  const { begin, end, filler } = readPads(context, x.shape.length);
  const mode = context.string('mode', 'constant');
  const outside = MODES[mode];
  if (outside === undefined) throw context.unsupportedAttribute('mode', mode, `${Object.keys(MODES).join(', ')} are`);
  const shape = context.bounded(x.shape.map((size, axis) => size + begin[axis] + end[axis]));
  const positions = shape.map((length, axis) => {
    const size = x.shape[axis];
    if (mode !== 'constant' && size === 0)
      throw context.shapeError(`dimension ${axis} is empty and has nothing to repeat`);
    return Int32Array.from({ length }, (_, i) => {
      const coordinate = i - begin[axis];
      return coordinate >= 0 && coordinate < size ? coordinate : outside(coordinate, size);
    });
  });
  return [moveOne(context, x, selectView(identityView(x.shape), positions), {}, filler)];
};
