/**
 * DFT and STFT as the constant matrices that they are, and the windows that go with them, which are constants. Complex
 * numbers are a last dimension of two, real ones a last dimension of one.
 */
import { sizeOf } from '../../tensor/shape.js';
import { isFloat } from '../model.js';
import { elementType } from '../tensor-data.js';
import type { Activation } from '../values.js';
import { constant, type Lowering, type NodeContext } from './context.js';
import { Taps } from './taps.js';

/** Cosines and sines of multiples of a full turn over n, exact at quarter turns. */
function turn(k: number, n: number): readonly [number, number] {
  const eighths = (8 * k) / n;
  if (Number.isInteger(eighths / 2)) {
    const quarter = (((eighths / 2) % 4) + 4) % 4;
    return [[1, 0, -1, 0][quarter], [0, 1, 0, -1][quarter]];
  }
  const angle = (2 * Math.PI * k) / n;
  return [Math.cos(angle), Math.sin(angle)];
}

/**
 * Adds factor * x * e^(i angle) to a sum: its real part, or its imaginary one. `at` is where x begins, `parts` how many
 * parts it has.
 */
function addRotated(
  sums: Taps,
  at: number,
  parts: number,
  [cos, sin]: readonly [number, number],
  factor: number,
  imaginary: boolean,
): void {
  sums.add(at, factor * (imaginary ? sin : cos));
  if (parts === 2) sums.add(at + 1, factor * (imaginary ? cos : -sin));
}

function realOrComplex(context: NodeContext, x: Activation): number {
  const parts = x.shape[x.shape.length - 1];
  if (!isFloat(x.type))
    throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}; cast it before`);
  if (x.shape.length < 2 || (parts !== 1 && parts !== 2))
    throw context.shapeError('the last dimension should be 1 for real and 2 for complex numbers');
  return parts;
}

/**
 * Along one axis; one-sided leaves out what follows from symmetry, or takes it as given in an inverse transform, whose
 * result is then real.
 */
export const lowerDft: Lowering = (context) => {
  const x = context.activation(0);
  const parts = realOrComplex(context, x);
  const rank = x.shape.length;
  const [inverse, oneSided] = [context.flag('inverse', false), context.flag('onesided', false)];
  const given = context.opset < 20 ? context.int('axis', 1) : (context.integers(2)?.[0] ?? -2);
  const axis = context.axis(given, rank);
  if (axis === rank - 1)
    throw context.shapeError('the last dimension holds the parts of each number and cannot be transformed');
  const present = x.shape[axis];
  const toReal = inverse && oneSided;
  const length = context.integers(1)?.[0] ?? (toReal ? 2 * (present - 1) : present);
  if (length < 1) throw context.shapeError(`a transform of ${length} values does not exist`);
  if (oneSided && !inverse && parts === 2)
    throw context.unsupportedAttribute('onesided', 1, 'only of real numbers it is');
  const bins = oneSided && !inverse ? Math.floor(length / 2) + 1 : length;
  const shape = context.bounded([...x.shape.slice(0, axis), bins, ...x.shape.slice(axis + 1, -1), toReal ? 1 : 2]);
  const inner = sizeOf(x.shape.slice(axis + 1, -1));
  const out = shape[rank - 1];
  const read = Math.min(present, toReal ? Math.floor(length / 2) + 1 : length);
  context.bounded([sizeOf(shape), read * parts]);
  const sums = new Taps();
  for (let i = 0; i < sizeOf(shape); i += 1) {
    const imaginary = i % out === 1;
    const rest = Math.floor(i / out);
    const [outer, bin, column] = [Math.floor(rest / (inner * bins)), Math.floor(rest / inner) % bins, rest % inner];
    for (let n = 0; n < read; n += 1) {
      const rotation = turn((inverse ? 1 : -1) * ((n * bin) % length), length);
      // The other half of a one-sided spectrum is its mirror image: it doubles the real part.
      const twice = toReal && n > 0 && 2 * n !== length ? 2 : 1;
      addRotated(
        sums,
        ((outer * present + n) * inner + column) * parts,
        parts,
        rotation,
        (inverse ? 1 / length : 1) * twice,
        imaginary,
      );
    }
    sums.end();
  }
  return [sums.emit(context, x, shape)];
};

/** Frames of a signal [N, length, 1 or 2], each times the window and transformed: [N, frames, bins, 2]. */
export const lowerStft: Lowering = (context) => {
  const x = context.activation(0);
  const parts = realOrComplex(context, x);
  const [step] = context.integers(1) ?? [];
  const window = context.optionalConstant(2)?.data;
  const length = context.integers(3)?.[0] ?? window?.length;
  const oneSided = context.flag('onesided', true);
  if (
    x.shape.length !== 3 ||
    step === undefined ||
    step < 1 ||
    length === undefined ||
    length < 1 ||
    (window !== undefined && window.length !== length)
  ) {
    throw context.shapeError('signal, frame_step, window and frame_length do not fit');
  }
  if (oneSided && parts === 2) throw context.unsupportedAttribute('onesided', 1, 'only of real signals it is');
  const [batch, samples] = x.shape;
  const frames = Math.floor((samples - length) / step) + 1;
  const bins = oneSided ? Math.floor(length / 2) + 1 : length;
  const shape = context.bounded([batch, frames, bins, 2]);
  context.bounded([sizeOf(shape), length * parts]);
  const sums = new Taps();
  for (let i = 0; i < sizeOf(shape); i += 1) {
    const rest = Math.floor(i / 2);
    const [n, frame, bin] = [Math.floor(rest / (bins * frames)), Math.floor(rest / bins) % frames, rest % bins];
    for (let k = 0; k < length; k += 1) {
      addRotated(
        sums,
        (n * samples + frame * step + k) * parts,
        parts,
        turn(-((k * bin) % length), length),
        window?.[k] ?? 1,
        i % 2 === 1,
      );
    }
    sums.end();
  }
  return [sums.emit(context, x, shape)];
};

/** A window of constant size: a sum of cosines of a turn's multiples. */
function window(coefficients: readonly number[]): Lowering {
  return (context) => {
    const [size] = context.integers(0) ?? [];
    if (size === undefined || size < 0) throw context.shapeError('its size must be one number');
    const type = elementType(context.int('output_datatype', 1));
    const turns = context.flag('periodic', true) ? size : size - 1;
    const at = (i: number): number =>
      coefficients.reduce((sum, factor, k) => sum + factor * turn(k * i, Math.max(turns, 1))[0], 0);
    return [
      constant(
        type,
        context.bounded([size]),
        Float64Array.from({ length: size }, (_, i) => at(i)),
      ),
    ];
  };
}

export const foldHannWindow = window([0.5, -0.5]);
export const foldHammingWindow = window([25 / 46, -21 / 46]);
export const foldBlackmanWindow = window([0.42, -0.5, 0.08]);

/** Frequency on the mel scale, and back. */
const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const hertzOf = (mels: number): number => 700 * (10 ** (mels / 2595) - 1);

/** [bins of a spectrum, bands]: each band a triangle between three points that lie evenly on the mel scale. */
export const foldMelWeightMatrix: Lowering = (context) => {
  const [bands, length, rate, lowest, highest] = [0, 1, 2, 3, 4].map((position) => {
    const { data } = context.constant(position);
    if (data.length !== 1) throw context.shapeError('its inputs must be scalars');
    return data[0];
  });
  const type = elementType(context.int('output_datatype', 1));
  const bins = Math.floor(length / 2) + 1;
  const shape = context.bounded([bins, bands]);
  const [from, to] = [mel(lowest), mel(highest)];
  const points = Array.from({ length: bands + 2 }, (_, i) =>
    Math.floor(((length + 1) * hertzOf(from + (i * (to - from)) / (bands + 2))) / rate),
  );
  if (!points.every((point) => point >= 0 && point < bins))
    throw context.shapeError(
      `its frequencies, ${lowest} to ${highest} Hz, lie beyond the spectrum of ${rate} samples a second`,
    );
  const data = new Float64Array(sizeOf(shape));
  for (let band = 0; band < bands; band += 1) {
    const [low, center, high] = points.slice(band, band + 3);
    for (let bin = low; bin <= center; bin += 1)
      data[bin * bands + band] = center === low ? 1 : (bin - low) / (center - low);
    for (let bin = center; bin < high; bin += 1) data[bin * bands + band] = (high - bin) / (high - center);
  }
  return [constant(type, shape, data)];
};
