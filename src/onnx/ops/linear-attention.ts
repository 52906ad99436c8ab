/**
 * LinearAttention of opset 27: a state for each head of keys, unrolled over the sequence. At each step it decays, gets
 * the outer product of key and value (or of key and what the state does not say of the value yet), and is read by the
 * queries.
 */
import { reshapeView, selectAlong, transposeView } from '../../tensor/views.js';
import type { Value } from '../values.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { moveValue } from './moving.js';

const RULES = ['linear', 'gated', 'delta', 'gated_delta'];

/** One token of [batch, tokens, heads * size], as [batch, heads, ...shape] with the size in one of two dimensions. */
function token(context: NodeContext, value: Value, t: number, heads: number, axis: 2 | 3, step: string): Value {
  const [batch, , width] = value.shape;
  const shape = [batch, heads, 1, 1];
  shape[axis] = width / heads;
  return moveValue(context, value, (view) => reshapeView(selectAlong(view, new Map([[1, Int32Array.of(t)]])), shape), {
    step,
  });
}

export const lowerLinearAttention: Lowering = (context) => {
  const [query, key, value] = [0, 1, 2].map((position) => context.input(position));
  const [past, decay, beta] = [3, 4, 5].map((position) => context.inputs[position]);
  const [heads, groups] = [context.int('q_num_heads', 0), context.int('kv_num_heads', 0)];
  const rule = context.string('update_rule', 'gated_delta');
  context.ignore('chunk_size');
  if (!RULES.includes(rule)) throw context.unsupportedAttribute('update_rule', rule, `${RULES.join(', ')} are`);
  if (query.shape.length !== 3 || heads < 1 || groups < 1 || heads % groups !== 0)
    throw context.shapeError('q_num_heads and kv_num_heads do not divide its inputs into heads');
  const [gated, delta] = [rule.startsWith('gated'), rule.endsWith('delta')];
  if ((gated && decay === undefined) || (delta && beta === undefined))
    throw context.shapeError(`its rule ${rule} lacks decay or beta`);
  const [batch, tokens] = query.shape;
  const [size, width] = [query.shape[2] / heads, value.shape[2] / groups];
  const scale = constant(query.type, [], Float64Array.of(context.float('scale', 0) || 1 / Math.sqrt(size)));
  const owner = Int32Array.from({ length: heads }, (_, head) => Math.floor((head * groups) / heads));

  let state: Value =
    past ?? constant(query.type, [batch, groups, size, width], new Float64Array(batch * groups * size * width));
  const results: Value[] = [];
  for (let t = 0; t < tokens; t++) {
    const at = (step: string): string => `token${t + 1}/${step}`;
    const apply = (op: string, inputs: readonly Value[], step: string): Value => context.apply(op, inputs, at(step))[0];
    const column = token(context, key, t, groups, 2, at('key'));
    let added = token(context, value, t, groups, 3, at('value'));
    if (gated)
      state = apply(
        'Mul',
        [state, apply('Exp', [token(context, decay!, t, groups, 2, at('log decay'))], 'decay')],
        'decayed',
      );
    if (delta) {
      const said = apply('MatMul', [token(context, key, t, groups, 3, at('key row')), state], 'said');
      const rate = beta!.shape[2] === 1 ? 1 : groups;
      added = apply(
        'Mul',
        [apply('Sub', [added, said], 'unsaid'), token(context, beta!, t, rate, 2, at('rate'))],
        'change',
      );
    }
    state = apply('Add', [state, apply('Mul', [column, added], 'product')], 'state');
    const seen = moveValue(context, state, (view) => selectAlong(view, new Map([[1, owner]])), { step: at('shared') });
    results.push(apply('MatMul', [token(context, query, t, heads, 3, at('query')), seen], 'read'));
  }
  const all = tokens === 1 ? results[0] : context.apply('Concat', results, 'tokens', { axis: 2 })[0];
  const joined = moveValue(
    context,
    all,
    (view) => reshapeView(transposeView(view, [0, 2, 1, 3]), [batch, tokens, heads * width]),
    { step: 'joined' },
  );
  return [context.apply('Mul', [joined, scale], 'scaled')[0], state];
};
