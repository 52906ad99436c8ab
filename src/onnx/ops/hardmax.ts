/**
 * Hardmax: 1 at the first largest element, 0 elsewhere: where the position of the largest reaches an element and not
 * the next.
 */
import { groupOfElement, reductionGroups } from '../../tensor/groups.js';
import { sizeOf } from '../../tensor/shape.js';
import { requireNumeric } from './arithmetic.js';
import { emitStep } from './comparison.js';
import type { Lowering } from './context.js';
import { softmaxAxes } from './softmax.js';

export const lowerHardmax: Lowering = (context) => {
  const x = context.activation(0);
  requireNumeric(context, [x]);
  const { shape } = x;
  const groups = reductionGroups(shape, softmaxAxes(context, shape.length));
  const count = groups.offsets.length - 1;
  const length = sizeOf(shape) / count;
  const at = context.emit({ op: 'argMax', shape: [count], groups, selectLast: false }, [x], {
    step: 'position',
    type: 'int64',
  });
  // reached[g, k] = [position >= k + 1], so that an element k has reached[k - 1] - reached[k], with 1 and 0 beyond the
  // ends.
  const spread = {
    shape: [count, length - 1],
    index: Int32Array.from({ length: count * (length - 1) }, (_, i) => Math.floor(i / (length - 1))),
  };
  const positions = context.emit({ op: 'move', ...spread, constants: new Float64Array() }, [at], { step: 'positions' });
  const reached = emitStep(
    context,
    positions,
    Float64Array.from(spread.index, (_, i) => (i % (length - 1)) + 1),
    false,
    'reached',
  );
  const group = groupOfElement(groups, sizeOf(shape));
  const place = new Int32Array(sizeOf(shape));
  for (let g = 0; g < count; g++)
    groups.indices.subarray(groups.offsets[g], groups.offsets[g + 1]).forEach((element, k) => (place[element] = k));
  const neighbour = (step: string, shift: number, end: number) => {
    const index = place.map((k, element) =>
      k + shift < 0 || k + shift >= length - 1 ? -1 : group[element] * (length - 1) + k + shift,
    );
    return context.emit({ op: 'move', shape, index, constants: Float64Array.of(end) }, [reached], { step });
  };
  return [
    context.emit({ op: 'sum', shape, coefficients: [1, -1] }, [neighbour('before', -1, 1), neighbour('behind', 0, 0)], {
      type: x.type,
    }),
  ];
};
