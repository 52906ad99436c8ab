/** What one proof of a build takes, from a file: an input, or the rows of a batch as a file of samples. */
import { InputShapeError } from '../integer/errors.js';
import type { Shape } from '../tensor/shape.js';
import { parseInput, parseSamples, type Sample } from './input-json.js';

/** Inputs as the manifest of a batch has them: rows are their first dimension. */
interface BatchInputs {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly batch: number;
}

/** Reads what one proof of a build takes. @throws InputFormatError, InputShapeError */
export function parseRun(
  text: string,
  { inputs, batch }: Pick<BatchInputs, 'inputs'> & Partial<BatchInputs>,
  source: string,
): Sample {
  return batch === undefined ? parseInput(text, inputs, source) : parseBatch(text, { inputs, batch }, source);
}

/**
 * Reads a file of as many samples as the batch has rows. Fewer or more are refused: which rows a proof is of is for
 * whoever proves to say, not for this to fill up.
 * @throws InputFormatError, InputShapeError
 */
function parseBatch(text: string, { inputs, batch }: BatchInputs, source: string): Sample {
  const ofRow = inputs.map(({ name, shape }) => ({ name, shape: shape.slice(1) }));
  return joinSamples(parseSamples(text, ofRow, source), { inputs, batch }, source);
}

/** The samples as one: each input's rows one after the other. @throws InputShapeError where there are not as many */
export function joinSamples(
  samples: readonly Sample[],
  { inputs, batch }: BatchInputs,
  source = 'the samples',
): Sample {
  if (samples.length !== batch) {
    throw new InputShapeError(
      `${source}: ${samples.length} rows, and the build proves batches of exactly ${batch}; ` +
        `give ${batch} (a row may stand there twice), or compile with --batch ${samples.length}`,
    );
  }
  return inputs.map((_, k) => Float64Array.from(samples.flatMap((sample) => Array.from(sample[k]))));
}
