/**
 * Which outputs name a class. A row of numbers alone does not say so: regressions and embeddings look the same. What
 * says it is a softmax at the end of the network, an ArgMax over the output, or the user.
 */
import { UsageError } from '../errors.js';
import { isScoreVector } from '../quantize/accuracy.js';
import type { Graph } from '../network/graph.js';

export interface ClassOptions {
  /** The outputs that are rows of numbers are scores of classes, whatever the network shows. */
  readonly scores?: boolean;
  /** Names of the classes, in the order of the scores; they say that the outputs with as many numbers are scores. */
  readonly labels?: readonly string[];
}

export interface OutputClasses {
  readonly scores: boolean;
  readonly labels?: readonly string[];
}

/**
 * For each output, whether its largest element names a class, and how the classes are called. @throws UsageError for
 * labels that fit no output
 */
export function classesOf(
  { outputs, nodes }: Pick<Graph, 'outputs' | 'nodes'>,
  { scores = false, labels }: ClassOptions,
): OutputClasses[] {
  const compared = new Set(nodes.flatMap(({ op, inputs }) => (op === 'argMax' ? inputs : [])));
  const found = outputs.map(({ shape, tensor, omitted, probabilities, labels: own, named: isLabel }): OutputClasses => {
    if (isLabel) return { scores: false, labels: own };
    const row = isScoreVector(shape);
    const named = row && labels !== undefined && labels.length === shape[shape.length - 1];
    const names = named ? labels : own;
    return {
      scores:
        row &&
        (scores || names !== undefined || omitted !== undefined || probabilities || compared.has(tensor)) === true,
      ...(names === undefined ? {} : { labels: names }),
    };
  });
  if (labels !== undefined && !found.some((output) => output.labels === labels)) {
    throw new UsageError(
      `${labels.length} labels, and no output has as many scores: ${outputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')}`,
    );
  }
  return found;
}

/** Labels as a file has them: a JSON array of strings, or one label a line. @throws UsageError */
export function parseLabels(text: string, source: string): string[] {
  const lines = text.replace(/^\ufeff/, '').trim();
  if (!lines.startsWith('[')) return lines.split(/\r?\n/).map((line) => line.trim());
  let value: unknown;
  try {
    value = JSON.parse(lines);
  } catch (cause) {
    throw new UsageError(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(value) || !value.every((label) => typeof label === 'string'))
    throw new UsageError(`${source} must be a JSON array of strings, or one label a line`);
  return value;
}
