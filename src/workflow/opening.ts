/**
 * Openings: what lets somebody check which input, or which output, a proof's commitment is of. A commitment to a tensor
 * is a salted hash of its integers, so salt and integers together open it, and nothing else does.
 *
 * The trap: an opening says something of a proof only if the proof is valid and the salt is used on the side it is for.
 */
import { portOf, valuesOfPort } from '../compile/ports.js';
import { PORT_ROLES, type PortRole, type PortVisibility } from '../port-roles.js';
import { OpeningError } from './errors.js';
import { encodeRun, resultShape } from '../integer/batch.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { runIntegerModel } from '../integer/interpreter.js';
import { sizeOf } from '../tensor/shape.js';
import { readManifest } from './build-folder.js';
import { readIntegerModel } from './circuit-file.js';
import type { Sample } from './input-json.js';
import type { Opening } from './opening-file.js';
import { describeOutputs, type OutputReport } from './outputs.js';
import { publicSignalsOf, requireManifestOfModel, type PublicSignals } from './public-signals.js';

export { OpeningError } from './errors.js';
export { openingFromJson, openingOf, openingToJson, type Opening } from './opening-file.js';

/** By side: whether the public signals are of these values. Sides that were not asked about are absent. */
export interface Opened extends Readonly<Partial<Record<PortRole, boolean>>> {
  /** The outputs that were opened, where they do open the commitment. */
  readonly outputs?: readonly OutputReport[];
}

/**
 * Checks what public signals are of. `input`: the values that the input should be; the outputs are then those that the
 * model gives for it, else those of the opening. A public side is compared as it is, and needs no salt. Says nothing
 * about the proof.
 * @throws OpeningError, InputRangeError, InputShapeError, BuildMismatchError
 */
export async function openSignals(
  folder: string,
  publicSignals: readonly string[],
  { opening, input }: { readonly opening?: Opening; readonly input?: Sample },
): Promise<Opened> {
  const manifest = await readManifest(folder);
  const model = await readIntegerModel(folder, manifest);
  const signals = publicSignalsOf(model, manifest.visibility);
  requireManifestOfModel(folder, manifest, signals);
  if (publicSignals.length !== signals.meanings.length) {
    throw new OpeningError(
      `the build has ${signals.meanings.length} public signals, the proof ${publicSignals.length}: it is of another build`,
    );
  }
  const inputs = input && encodeRun(model, input);
  const outputs = inputs
    ? runIntegerModel(model, inputs)
    : opening?.outputs && outputIntegers(model, opening.outputs, signals);
  const matches = (role: PortRole, integers: readonly Float64Array[]): boolean => {
    const salt = opening?.salts[role];
    const expected = signals.ofPort(role, integers, salt === undefined ? undefined : BigInt(salt));
    const stated = publicSignals.filter((_, i) => signals.meanings[i].kind.startsWith(role));
    return stated.length === expected.length && expected.every((value, i) => value === BigInt(stated[i]));
  };
  const { visibility } = manifest;
  const canOpen = (role: PortRole): boolean =>
    visibility[role] === 'public' || (visibility[role] === 'hashed' && opening?.salts[role] !== undefined);
  const opened: Partial<Record<PortRole, boolean>> = {};
  for (const role of PORT_ROLES) {
    const values = valuesOfPort(role, { inputs, outputs });
    if (values !== undefined && canOpen(role)) opened[role] = matches(role, values);
  }
  if (Object.keys(opened).length === 0) throw new OpeningError(whyNot(visibility, opening, input));
  return { ...opened, ...(opened.output && outputs ? { outputs: describeOutputs(manifest, outputs) } : {}) };
}

/**
 * @throws OpeningError where the outputs of an opening are not the model's in number, or outside their range: packed
 *   beside each other,
 * such numbers would run into one another, and other outputs could have the same words
 */
function outputIntegers(
  model: IntegerModel,
  given: readonly (readonly number[])[],
  { ports }: PublicSignals,
): Float64Array[] {
  const fits =
    given.length === model.outputs.length &&
    given.every((values, k) => values.length === sizeOf(resultShape(model, model.outputs[k].shape)));
  if (!fits)
    throw new OpeningError(
      `the opening's outputs are not those of this model: ${model.outputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')}`,
    );
  given.forEach((values, k) => {
    const { offset, bits } = portOf(ports, 'output').tensors[k].packing;
    const outside = values.find((value) => value < offset || value - offset >= 2 ** bits);
    if (outside !== undefined)
      throw new OpeningError(
        `output '${model.outputs[k].name}' of the opening holds ${outside}, which the model never gives`,
      );
  });
  return given.map((values) => Float64Array.from(values));
}

function whyNot(visibility: PortVisibility, opening: Opening | undefined, input: Sample | undefined): string {
  if (visibility.input !== 'hashed' && visibility.output !== 'hashed' && input === undefined)
    return 'the build commits to nothing, so there is nothing to open; --input FILE compares a public input';
  if (visibility.input === 'private' && visibility.output !== 'hashed')
    return 'the input is private, and no proof says anything about it that could be checked; compile with --input-visibility hashed';
  if (opening?.salts.input !== undefined && input === undefined)
    return 'to open the commitment to the input, name the input: --input FILE';
  return 'the commitment needs its salt: --opening FILE, as `zkinfer prove --opening` wrote it with the proof';
}
