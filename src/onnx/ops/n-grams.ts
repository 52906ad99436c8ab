/**
 * TfIdfVectorizer of whole numbers: how often each n-gram of a list stands in a row, its tokens one after another or at
 * equal distances (`max_skip_count` tokens left out between two at most). A token of the list is compared with each
 * place once; an n-gram at a place is the product of its tokens' comparisons, and what stands in the row is their sum.
 */
import { sizeOf } from '../../tensor/shape.js';
import type { Activation, Value } from '../values.js';
import { constant, type Lowering, type NodeContext } from './context.js';

/** Comparisons and products together, so that a tiny file cannot ask for a circuit beyond all measure. */
const MOST_TERMS = 2 ** 20;

interface Gram {
  readonly tokens: readonly number[];
  /** Position among the outputs. */
  readonly output: number;
}

/** The n-grams by their lengths, from 1 on: `ngram_counts` says where in the pool those of each length begin. */
function readGrams(context: NodeContext): Gram[] {
  if (context.has('pool_strings'))
    throw context.unsupportedAttribute('pool_strings', context.strings('pool_strings'), 'of whole numbers it is');
  const pool = context.ints('pool_int64s') ?? [];
  const starts = context.ints('ngram_counts') ?? [];
  const outputs = context.ints('ngram_indexes') ?? [];
  const grams: Gram[] = [];
  starts.forEach((start, k) => {
    const [length, end] = [k + 1, starts[k + 1] ?? pool.length];
    if (start < 0 || end < start || end > pool.length || (end - start) % length !== 0)
      throw context.shapeError(`ngram_counts does not divide the pool into n-grams`);
    for (let at = start; at < end; at += length)
      grams.push({ tokens: pool.slice(at, at + length), output: outputs[grams.length] ?? -1 });
  });
  if (grams.length !== outputs.length || grams.some(({ output }) => output < 0 || output >= MOST_TERMS))
    throw context.shapeError('ngram_indexes should have a position for each n-gram of the pool');
  return grams;
}

export const lowerTfIdfVectorizer: Lowering = (context) => {
  const x = context.activation(0);
  const width = x.shape[x.shape.length - 1] ?? 1;
  if (x.shape.length > 2) throw context.shapeError('its input should be a row or a batch of rows');
  if (!['int32', 'int64'].includes(x.type))
    throw context.unsupported(`its input is of type ${x.type}; int32 and int64 are supported`);
  const grams = readGrams(context);
  const size = grams.reduce((most, { output }) => Math.max(most, output + 1), 0);
  const [least, most] = [context.int('min_gram_length', 1), context.int('max_gram_length', 1)];
  const skips = context.int('max_skip_count', 0);
  const mode = context.string('mode', 'TF');
  if (!['TF', 'IDF', 'TFIDF'].includes(mode)) throw context.unsupportedAttribute('mode', mode, 'TF, IDF, TFIDF are');
  const given = context.floats('weights');
  if (given !== undefined && given.length !== grams.length)
    throw context.shapeError('there should be a weight for each n-gram');

  // Of each length, the tokens' places of each occurrence, and whose output it counts for.
  const rows = x.shape.length === 2 ? x.shape[0] : 1;
  const tokens = [...new Set(grams.flatMap((gram) => gram.tokens))];
  const rowOf = new Map(tokens.map((token, k) => [token, k]));
  const total = rows * width;
  const terms: { readonly factors: readonly number[]; readonly output: number }[] = [];
  for (const { tokens: gram, output } of grams) {
    if (gram.length < least || gram.length > most) continue;
    // A single token is the same at whatever distance: it is counted once.
    for (let distance = 1; distance <= (gram.length === 1 ? 1 : skips + 1); distance += 1) {
      for (let row = 0; row < rows; row += 1) {
        for (let start = 0; start + (gram.length - 1) * distance < width; start += 1) {
          terms.push({
            factors: gram.map((token, k) => rowOf.get(token)! * total + row * width + start + k * distance),
            output: row * size + output,
          });
          if (terms.length > MOST_TERMS)
            throw context.unsupported(`its n-grams have more than ${MOST_TERMS} places in the input`);
        }
      }
    }
  }
  const shape = [...x.shape.slice(0, -1), size];
  const counts = sumTerms(context, equalities(context, x, tokens), terms, shape);
  const weights = new Float64Array(size).fill(1);
  grams.forEach(({ output }, k) => (weights[output] = given?.[k] ?? 1));
  const [counted] =
    mode === 'IDF' ? context.apply('Min', [counts, constant('float', [], Float64Array.of(1))], 'present') : [counts];
  if (mode === 'TF') return [counted];
  return context.apply('Mul', [counted, constant('float', [size], weights)], 'weighed');
};

/** [tokens, elements]: 1 where the element is the token. */
function equalities(context: NodeContext, x: Activation, tokens: readonly number[]): Activation {
  const flat: Value = { ...x, shape: [1, sizeOf(x.shape)] };
  const list = constant(x.type, [tokens.length, 1], Float64Array.from(tokens));
  const [same] = context.apply('Equal', [flat, list], 'tokens');
  return { ...(same as Activation), type: 'float' };
}

/** For each element of the result the sum of its terms, each the product of a few elements of `bits`. */
function sumTerms(
  context: NodeContext,
  bits: Activation,
  terms: readonly { readonly factors: readonly number[]; readonly output: number }[],
  shape: readonly number[],
): Activation {
  const size = context.bounded(shape).reduce((product, dimension) => product * dimension, 1);
  const pick = (of: Activation, index: readonly number[], step: string): Activation =>
    context.emit(
      { op: 'move', shape: [index.length], index: Int32Array.from(index), constants: Float64Array.of(0) },
      [of],
      { step },
    );
  const sums: Activation[] = [];
  for (let length = 1; terms.some(({ factors }) => factors.length >= length); length += 1) {
    const own = terms.filter(({ factors }) => factors.length === length);
    if (own.length === 0) continue;
    let product = pick(
      bits,
      own.map(({ factors }) => factors[0]),
      `${length}-grams`,
    );
    for (let k = 1; k < length; k += 1) {
      const next = pick(
        bits,
        own.map(({ factors }) => factors[k]),
        `${length}-grams/${k}`,
      );
      product = context.emit({ op: 'multiply', shape: product.shape }, [product, next], {
        step: `${length}-grams/products${k}`,
      });
    }
    // A zero at the end, so that no group of terms is empty.
    const padded = pick(product, [...own.keys(), -1], `${length}-grams/terms`);
    const members = Array.from({ length: size }, () => [own.length]);
    own.forEach(({ output }, i) => members[output].push(i));
    const offsets = new Uint32Array(size + 1);
    members.forEach((of, i) => (offsets[i + 1] = offsets[i] + of.length));
    const groups = { offsets, indices: Uint32Array.from(members.flat()) };
    sums.push(
      context.emit({ op: 'mean', shape, groups, divisors: new Float64Array(size).fill(1) }, [padded], {
        step: `${length}-grams/sums`,
      }),
    );
  }
  if (sums.length === 0)
    return context.emit({ op: 'move', shape, index: new Int32Array(size).fill(-1), constants: Float64Array.of(0) }, [
      bits,
    ]);
  return sums.length === 1
    ? sums[0]
    : context.emit({ op: 'sum', shape, coefficients: sums.map(() => 1) }, sums, { step: 'counts' });
}
