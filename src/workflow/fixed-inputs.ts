/**
 * Inputs that a model needs as constants, because a shape follows from them: as the user says, or as the calibration
 * data have them where all rows agree. The circuit holds such an input to its value.
 *
 * The trap: to fix an input that is data would prove a model of one input. Only small integers and single numbers are
 * fixed unasked, and only where the model cannot be compiled without.
 */
import { ZkinferError } from '../errors.js';
import {
  buildGraph,
  chooseFrom,
  graphInputs,
  type FixedInput,
  type Graph,
  type ModelChoice,
  type OnnxModel,
} from '../onnx/index.js';
import { CalibrationError } from '../quantize/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { checkSamples, type Sample } from './input-json.js';

/** Elements of an integer input that may be a shape, a count, or a list of axes. */
const MOST_ELEMENTS = 8;

/** The model with what was chosen, and the choice: with inputs fixed that must be constants. */
export interface Chosen {
  readonly choice: ModelChoice;
  readonly graph: Graph;
}

/**
 * The graph of a model; where it cannot be built, with the fewest inputs fixed that let it be.
 * @throws as `buildGraph`, where that does not help
 */
export function buildChosen(
  model: OnnxModel,
  choice: ModelChoice,
  samples: readonly Sample[],
  memory?: number,
): Chosen {
  const build = (fixed: readonly FixedInput[]): Chosen => {
    const all = fixed.length === 0 ? choice : { ...choice, fixed: [...(choice.fixed ?? []), ...fixed] };
    return { choice: all, graph: buildGraph(chooseFrom(model, all), memory) };
  };
  try {
    return build([]);
  } catch (error) {
    const candidates = error instanceof ZkinferError ? candidatesOf(model, choice, samples, memory) : [];
    const found = attempt(build, candidates);
    if (found === undefined) throw error;
    let fixed: readonly FixedInput[] = candidates;
    let best = found;
    for (const candidate of candidates) {
      const rest = fixed.filter((one) => one !== candidate);
      const without = rest.length === 0 ? undefined : attempt(build, rest);
      if (without !== undefined) [fixed, best] = [rest, without];
    }
    return best;
  }
}

function attempt(build: (fixed: readonly FixedInput[]) => Chosen, fixed: readonly FixedInput[]): Chosen | undefined {
  if (fixed.length === 0) return undefined;
  try {
    return build(fixed);
  } catch (error) {
    if (error instanceof ZkinferError) return undefined;
    throw error;
  }
}

/** Inputs that may be constants by their type and size, and are the same in all rows. */
function candidatesOf(
  model: OnnxModel,
  choice: ModelChoice,
  samples: readonly Sample[],
  memory?: number,
): readonly FixedInput[] {
  if (samples.length === 0) return [];
  let inputs: Graph['inputs'];
  try {
    inputs = graphInputs(chooseFrom(model, choice), memory);
    checkSamples(samples, inputs);
  } catch (error) {
    if (error instanceof ZkinferError) return [];
    throw error;
  }
  return inputs.flatMap(({ name, shape, integers, fixed }, k) => {
    const isBoolean = integers !== undefined && integers[0] === 0 && integers[1] === 1;
    const most = integers === undefined || isBoolean ? 1 : MOST_ELEMENTS;
    const size = sizeOf(shape);
    if (fixed !== undefined || size === 0 || size > most || !isSame(samples, k)) return [];
    return [{ name, values: Array.from(samples[0][k]) }];
  });
}

function isSame(samples: readonly Sample[], k: number): boolean {
  return samples.every((sample) => sample[k].every((value, i) => value === samples[0][k][i]));
}

/** An input to be fixed as the calibration data have it. @throws CalibrationError where they do not say */
export function fixedAsIn(samples: readonly Sample[], inputs: Graph['inputs'], name: string): FixedInput {
  const k = inputs.findIndex((input) => input.name === name);
  // That there is no such input is said where it is chosen.
  if (k < 0) return { name, values: [] };
  if (samples.length === 0)
    throw new CalibrationError(
      `input '${name}' is to be fixed, but to what: give --fix-input ${name}=VALUES, or calibration data`,
    );
  if (!isSame(samples, k))
    throw new CalibrationError(
      `input '${name}' is to be fixed, and differs between calibration rows: give its value, --fix-input ${name}=VALUES`,
    );
  return { name, values: Array.from(samples[0][k]) };
}
