/** Which output of a model a tally is of. */
import { UsageError } from '../errors.js';
import { LABEL_INPUT, MOST_CLASSES } from '../integer/tally.js';
import type { Graph } from '../network/graph.js';
import { isScoreVector } from '../quantize/accuracy.js';
import type { OutputClasses } from './classes.js';

/** What of a model's outputs is proved. */
export interface TallyChoice {
  /**
   * Instead of outputs, proves how many rows of each class the model takes for which, of rows with labels: of the output
   * that is scores, or of that of this name. A batch of one row unless `batch` says more.
   */
  readonly tally?: boolean | string;
  readonly classOnly?: boolean | readonly string[];
}

/** Position of the output whose classes are tallied. @throws UsageError where it is not clear, or cannot be */
export function talliedOutput(
  { tally = false, classOnly = false }: TallyChoice,
  { inputs, outputs }: Pick<Graph, 'inputs' | 'outputs'>,
  classes: readonly OutputClasses[],
): number | undefined {
  if (tally === false) return undefined;
  if (classOnly !== false)
    throw new UsageError('a tally says nothing of one row, so that there is no class alone to prove');
  if (inputs.some(({ name }) => name === LABEL_INPUT))
    throw new UsageError(
      `the model has an input '${LABEL_INPUT}', and a tally takes the labels of rows under that name; export the model with another name for it`,
    );
  const chosen = outputs.flatMap(({ name, shape }, k) =>
    (tally === true ? classes[k].scores : name === tally && isScoreVector(shape)) ? [k] : [],
  );
  if (chosen.length !== 1) {
    throw new UsageError(
      `a tally is of one output that is scores of classes, and ${chosen.length} are known to be; say which, with --output, and that it is scores, with --scores`,
    );
  }
  const [k] = chosen;
  const { shape } = outputs[k];
  const count = shape[shape.length - 1];
  if (count > MOST_CLASSES)
    throw new UsageError(`a tally has a count for each two classes, of at most ${MOST_CLASSES}, not ${count}`);
  return k;
}
