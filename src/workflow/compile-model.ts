/**
 * `compile` as a function: ONNX bytes in; circuit, integer model, manifest and accuracy report out. No file is touched, and
 * what only a platform has (circom, hashes, the machine's memory) is given: `compile.ts` is Node's, `browser/compiler.ts`
 * a page's.
 */
import { circuitFor, type Circuit, type GadgetCompiler } from '../compile/circuit.js';
import { portOf, type PortTensor } from '../compile/ports.js';
import { encodeWitnessPlan } from '../compile/witness-plan-file.js';
import { FIXED_PARTS, type Manifest, type TensorDescription } from '../manifest.js';
import { perPortField, visibilityOf, type PortVisibility, type VisibilityOptions } from '../port-roles.js';
import { chooseFrom, decodeModel, evaluator, graphInputs, type ModelChoice } from '../onnx/index.js';
import { UsageError } from '../errors.js';
import type { OnProgress } from '../groth16/types.js';
import { isBatchSize, MOST_ROWS } from '../integer/batch.js';
import { withTally } from '../integer/tally.js';
import { withClassesAlone } from '../integer/class-only.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { quantizing } from '../quantize/quantize.js';
import { spreadOfBits } from '../quantize/sensitivity.js';
import { storeIntegerModel } from '../integer/serialize.js';
import { r1csBytes, r1csChunks } from '../r1cs/r1cs-file.js';
import type { Pace } from '../stepwise.js';
import { symLines } from '../r1cs/sym-file.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { MAX_SIGNALS } from '../solidity/render.js';
import { reportAccuracy, type ComparedAccuracy, type Otherwise } from './accuracy-report.js';
import { fewestBits, type AccuracyTarget } from './accuracy-target.js';
import { WEIGHTS, type BuildFiles } from './build-files.js';
import type { Graph } from '../network/graph.js';
import { isScoreVector } from '../quantize/accuracy.js';
import { enoughBits, USUAL_BITS } from './enough-bits.js';
import { classesOf, type ClassOptions, type OutputClasses } from './classes.js';
import { buildChosen } from './fixed-inputs.js';
import { checkSamples, type Sample } from './input-json.js';
import { reportLayers, type LayerReport } from './report.js';
import { wireNames } from './sym.js';
import { talliedOutput, type TallyChoice } from './tally-choice.js';

export interface CompileModelOptions extends ClassOptions, ModelChoice, TallyChoice, VisibilityOptions {
  /** Name of the build, and of its contract. */
  readonly name: string;
  /** Default: with `target` the fewest that hold it; else 8, or more up to 12: `enough-bits.ts`. */
  readonly activationBits?: number;
  /** Bits of inputs; default: chosen by what the network needs. */
  readonly inputBits?: number;
  /**
   * Whether bits are given to tensors by what their errors do to the outputs, `activationBits` in the middle, rather
   * than to all alike. Default: with `target` where fewer bits then hold it, else not.
   */
  readonly spreadBits?: boolean;
  /** Rows that one proof is of; default: a proof is of one inference, without a dimension of rows. */
  readonly batch?: number;
  /** Of outputs that are scores, or of those of these names, proves the class alone: which is the largest. */
  readonly classOnly?: boolean | readonly string[];
  /** What must hold on rows that were not calibrated on. */
  readonly target?: AccuracyTarget;
  /** Samples in the model's own units; without any, scales come from worst-case bounds. */
  readonly calibration?: readonly Sample[];
  /** Samples that were not calibrated on, for the accuracy report. */
  readonly heldOut?: readonly Sample[];
  /** Declared real range of every input element; default: the calibration data's. */
  readonly inputRange?: readonly [number, number];
  /**
   * Writes `circuit.r1cs` and `circuit.sym` whatever their size. Default: where the former has at most MOST_R1CS_BYTES.
   */
  readonly r1cs?: boolean;
  readonly onStage?: (stage: string) => void;
  /** Hears how far a stage is, where it takes long. */
  readonly onProgress?: OnProgress;
  /** Ends the work at its next pause, with InterruptedError. */
  readonly signal?: AbortSignal;
}

/**
 * Bytes up to which a build holds its constraint system as a file. Whoever needs a larger one gets it made again:
 * `circuit-file.ts`.
 */
const MOST_R1CS_BYTES = 2 ** 26;

export interface CompiledModel {
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  /** Complete but for `files` and `keys`. */
  readonly manifest: Manifest;
  readonly accuracy: ComparedAccuracy;
  readonly layers: readonly LayerReport[];
  /** What a build folder holds of it, the manifest not among it. */
  readonly files: BuildFiles;
  readonly seconds: number;
}

/** What compiling needs of the platform that it runs on. */
export interface CompilerPlatform {
  readonly compileGadgets: GadgetCompiler;
  /** SHA-256 of pieces laid end to end, in hex with 0x. */
  sha256(pieces: Iterable<Uint8Array | string>): string;
  /** The same of about so many bytes, at a pace; a piece may be overwritten once the next one is asked for. */
  sha256Of(pieces: Iterable<Uint8Array>, bytes: number, pace: Pace): Promise<string>;
  /** How long work is run; `onShare` hears how far it is. */
  pace(onShare: (share: number) => void, signal?: AbortSignal): Pace;
  /** Bytes of memory that the machine has. */
  readonly memoryBytes: number;
  /** Version of this package. */
  readonly version: string;
}

/**
 * SHA-256 of samples as numbers: doubles, little-endian, each array behind its length. The same rows in another file
 * have the same hash.
 */
export function hashOfSamples(samples: readonly Sample[], sha256: CompilerPlatform['sha256']): string {
  return sha256(
    samples.flatMap((sample) =>
      sample.map((values) => {
        const bytes = new DataView(new ArrayBuffer(8 * (values.length + 1)));
        bytes.setFloat64(0, values.length, true);
        values.forEach((value, i) => bytes.setFloat64(8 * (i + 1), value, true));
        return new Uint8Array(bytes.buffer);
      }),
    ),
  );
}

/** @throws any error class of the stages: onnx/errors, quantize/errors, CircomError */
export async function compileOn(
  platform: CompilerPlatform,
  onnx: Uint8Array,
  options: CompileModelOptions,
): Promise<CompiledModel> {
  const start = performance.now();
  let current = '';
  const stage = (name: string): void => {
    current = name;
    options.onStage?.(name);
  };
  const pace = platform.pace((share) => options.onProgress?.(share, current), options.signal);
  const { choice, classes, samples, requantizeTo, compared } = prepareModelOn(
    platform,
    onnx,
    { ...options, onStage: stage },
    pace,
  );
  const alone = classesAlone(options.classOnly, compared.graph, classes);
  const tallied = talliedOutput(options, compared.graph, classes);
  const proved = shapeOfProof(options, alone, tallied);
  const { inputBits, inputRange, target } = options;
  const visibility = visibilityOf(options);
  stage('quantizing');
  const search = { ...compared, requantize: requantizeTo(USUAL_BITS) };
  const { bits: activationBits, spreadBits } =
    target === undefined || options.activationBits !== undefined
      ? {
          bits: options.activationBits ?? (await enoughBits(search, visibility)),
          spreadBits: options.spreadBits ?? false,
        }
      : await fewestBits(search, target);
  const requantize = requantizeTo(activationBits, spreadBits);
  const quantized = await requantize({});
  stage('compiling the circuit');
  const circuitOf = (model: IntegerModel): Promise<Circuit> =>
    circuitFor(model, visibility, platform.compileGadgets, { pace });
  const measured = await circuitOf(quantized);
  stage('comparing with float32');
  const accuracy = await reportAccuracy({ ...compared, model: quantized, circuit: measured, requantize });
  const model = proved(quantized);
  const circuit = model === quantized ? measured : await circuitOf(model);
  stage('hashing the constraints');
  const pieces = r1csChunks(circuit.constraints, { reuse: true });
  const circuitHash = await platform.sha256Of(pieces, r1csBytes(circuit.constraints), pace);
  const recorded = {
    activationBits,
    ...(spreadBits ? { spreadBits } : {}),
    ...(inputBits === undefined ? {} : { inputBits }),
    ...(inputRange === undefined ? {} : { inputRange: [...inputRange] as [number, number] }),
    ...(choice.shapes === undefined
      ? {}
      : { shapes: choice.shapes.map(({ name, shape }) => ({ name, shape: [...shape] })) }),
    ...(choice.outputs === undefined ? {} : { outputs: [...choice.outputs] }),
    ...(choice.provedTo === undefined ? {} : { provedTo: choice.provedTo }),
    ...(choice.fixed === undefined
      ? {}
      : { fixed: choice.fixed.map(({ name, values }) => ({ name, values: [...values] })) }),
    ...(alone.includes(true)
      ? { classOnly: compared.graph.outputs.filter((_, k) => alone[k]).map(({ name }) => name) }
      : {}),
    ...(tallied === undefined ? {} : { tally: compared.graph.outputs[tallied].name }),
    ...(samples.length === 0
      ? {}
      : { calibrationHash: hashOfSamples(samples, platform.sha256), calibrationRows: samples.length }),
  };
  const manifest = {
    ...describe({
      platform,
      onnx,
      model,
      circuit,
      circuitHash,
      name: options.name,
      visibility,
      classes: tallied === undefined ? provedClasses(alone, classes) : [{ scores: false }],
    }),
    options: recorded,
    accuracy: onRecord(accuracy),
  };
  return {
    model,
    circuit,
    manifest,
    accuracy,
    layers: reportLayers(model, circuit),
    files: filesOf(model, circuit, options.r1cs),
    seconds: (performance.now() - start) / 1000,
  };
}

/**
 * A model as it is quantized, to whatever bits, and what it is compared with. @throws any error class of onnx/errors,
 * CalibrationError
 */
export function prepareModelOn(
  { memoryBytes }: Pick<CompilerPlatform, 'memoryBytes'>,
  onnx: Uint8Array,
  options: CompileModelOptions,
  pace: Pace,
) {
  options.onStage?.('reading the model');
  const model = decodeModel(onnx);
  const given = choiceOf(options);
  const samples = checkSamples(options.calibration ?? [], graphInputs(chooseFrom(model, given), memoryBytes));
  const { choice, graph } = buildChosen(model, given, samples, memoryBytes);
  const classes = classesOf(graph, options);
  const heldOut = checkSamples(options.heldOut ?? [], graph.inputs);
  const { inputBits, inputRange, onStage } = options;
  let spread: ReadonlyMap<string, number> | undefined;
  const quantizeAgain = rememberLast(
    async ({ inputRange: range = inputRange, spreadBits, ...rest }: Requantization): Promise<IntegerModel> => {
      // Of all calibration rows, also for a model calibrated on some: an audit finds the same.
      if (spreadBits) spread ??= spreadOfBits(graph, samples);
      const common = { inputBits, evaluator, ...(spreadBits ? { spread } : {}), ...rest };
      return await pace(quantizing(graph, { ...common, inputRange: range ?? undefined }));
    },
  );
  const requantizeTo =
    (activationBits: number, spreadBits = false) =>
    (otherwise: Otherwise): Promise<IntegerModel> =>
      quantizeAgain({ activationBits, spreadBits, samples, ...otherwise });
  return {
    choice,
    classes,
    samples,
    requantizeTo,
    compared: {
      onnx,
      graph,
      choice,
      scores: classes.map(({ scores }) => scores),
      calibration: samples,
      heldOut,
      inputRange,
      onStage,
      pace,
    },
  };
}

/** How a model is quantized. */
type Requantization = Otherwise & Required<Pick<Otherwise, 'activationBits' | 'spreadBits' | 'samples'>>;

/** Models that are remembered: that of all rows, and that of the rows that are not kept apart. */
const REMEMBERED = 2;

/** Gives the models that were made last again where the same is asked for: a large one is quantized for seconds. */
function rememberLast(
  make: (how: Requantization) => Promise<IntegerModel>,
): (how: Requantization) => Promise<IntegerModel> {
  const last: { readonly how: Requantization; readonly model: IntegerModel }[] = [];
  return async (how) => {
    const known = last.find((one) => isSameRequantization(one.how, how));
    if (known !== undefined) return known.model;
    const model = await make(how);
    last.unshift({ how, model });
    last.length = Math.min(last.length, REMEMBERED);
    return model;
  };
}

function isSameRequantization(one: Requantization, other: Requantization): boolean {
  const [range, otherRange] = [one.inputRange, other.inputRange];
  return (
    one.activationBits === other.activationBits &&
    one.spreadBits === other.spreadBits &&
    (range === otherRange || (range != null && otherRange != null && isSameList(range, otherRange, Object.is))) &&
    isSameList(one.samples, other.samples, (row, otherRow) =>
      isSameList(row, otherRow, (values, others) => values === others || isSameList(values, others, Object.is)),
    )
  );
}

function isSameList<T>(one: ArrayLike<T>, other: ArrayLike<T>, isSame: (x: T, y: T) => boolean): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (!isSame(one[i], other[i])) return false;
  return true;
}

/** For each output, whether its class alone is proved. @throws UsageError where there are no scores */
function classesAlone(
  chosen: CompileModelOptions['classOnly'] = false,
  { outputs }: Pick<Graph, 'outputs'>,
  classes: readonly OutputClasses[],
): boolean[] {
  if (chosen === false) return classes.map(() => false);
  const alone = outputs.map(({ name, shape }, k) =>
    chosen === true ? classes[k].scores : chosen.includes(name) && isScoreVector(shape),
  );
  if (!alone.includes(true)) {
    throw new UsageError(
      'no output is known to be scores of classes, so that there is no class to prove; say that they are, with --scores or --labels',
    );
  }
  return alone;
}

/** What a proof is of, beside one inference: many rows, a tally of them, or classes alone. @throws UsageError */
function shapeOfProof(
  { batch }: Pick<CompileModelOptions, 'batch'>,
  alone: readonly boolean[],
  tallied: number | undefined,
): (model: IntegerModel) => IntegerModel {
  if (batch !== undefined && !isBatchSize(batch))
    throw new UsageError(`a batch has 1 to ${MOST_ROWS} rows, not ${batch}`);
  return (model) => {
    if (tallied !== undefined) return { ...withTally(model, tallied), batch: batch ?? 1 };
    const shaped = alone.includes(true) ? withClassesAlone(model, alone) : model;
    return batch === undefined ? shaped : { ...shaped, batch };
  };
}

/** What the outputs that are proved are called: a class alone is a position among the labels. */
function provedClasses(alone: readonly boolean[], classes: readonly OutputClasses[]): readonly OutputClasses[] {
  return classes.map((output, k) => (alone[k] ? { ...output, scores: false } : output));
}

/** What of a model is compiled: nothing but what was given. */
function choiceOf({ shapes, outputs, fixed, provedTo }: ModelChoice): ModelChoice {
  return {
    ...(shapes === undefined ? {} : { shapes }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(fixed === undefined ? {} : { fixed }),
    ...(provedTo === undefined ? {} : { provedTo }),
  };
}

/** The contents of a build's files, made when they are asked for. */
function filesOf(
  model: IntegerModel,
  circuit: Circuit,
  r1cs = r1csBytes(circuit.constraints) <= MOST_R1CS_BYTES,
): BuildFiles {
  const system: BuildFiles = {
    'circuit.r1cs': () => r1csChunks(circuit.constraints),
    'circuit.sym': () => symLines(wireNames(circuit.netlist, circuit.plan, circuit.signals)),
  };
  const { json, weights } = storeIntegerModel(model);
  return {
    'integer-model.json': () => [json],
    ...(weights === undefined ? {} : { [WEIGHTS]: () => weights }),
    ...(r1cs ? system : {}),
    'circuit.plan': () => [encodeWitnessPlan(circuit.plan)],
  };
}

function describe({
  platform,
  onnx,
  model,
  circuit,
  circuitHash,
  name,
  visibility,
  classes,
}: {
  readonly platform: CompilerPlatform;
  readonly onnx: Uint8Array;
  readonly model: IntegerModel;
  readonly circuit: Circuit;
  readonly circuitHash: string;
  readonly name: string;
  readonly visibility: PortVisibility;
  readonly classes: readonly OutputClasses[];
}): Manifest {
  const { constraints, ports } = circuit;
  const tensors = perPortField((role) => portOf(ports, role).tensors.map(describeTensor));
  return {
    format: 'zkinfer-build',
    version: 1,
    name,
    toolVersion: platform.version,
    modelHash: platform.sha256([onnx]),
    circuitHash,
    activationBits: model.activationBits,
    ...(model.batch === undefined ? {} : { batch: model.batch }),
    ...(model.summed ? { summed: true as const } : {}),
    visibility: { ...visibility, ...FIXED_PARTS },
    ...tensors,
    outputs: model.outputs.map(({ omitted }, k) => ({
      ...tensors.outputs[k],
      ...(omitted ? { omitted } : {}),
      scores: classes[k].scores,
      ...(classes[k].labels ? { labels: [...classes[k].labels] } : {}),
    })),
    publicSignals: circuit.signals.map((signal) => ({ ...signal })),
    circuit: {
      constraints: constraints.constraintCount,
      wires: constraints.wireCount,
      nonZeros: constraints.nonZeros,
      publicSignals: circuit.signals.length,
      domainSize: proofSystemOf({}).domainSize({
        constraints: constraints.constraintCount,
        publicSignals: circuit.signals.length,
      }),
    },
    notes: [...model.notes, ...notesOnSignals(visibility, circuit.signals.length)],
    files: {},
  };
}

/** What of an accuracy report the manifest keeps. */
function onRecord({ reference, heldOut, sets, warnings }: ComparedAccuracy): Manifest['accuracy'] {
  return {
    reference,
    ...(heldOut === undefined ? {} : { heldOut }),
    sets: sets.map(({ rows, samples, outputs }) => ({
      rows,
      samples,
      outputs: outputs.map(({ worstElement: _, ...output }) => output),
    })),
    warnings: [...warnings],
  };
}

function describeTensor({ name, shape, scale, range, packing, elements }: PortTensor): TensorDescription {
  return {
    name,
    shape: [...shape],
    scale,
    range: [...range],
    packing: { ...packing, offset: range[0] },
    ...(elements === undefined ? {} : { elementScale: [...elements.scale], elementOffset: [...elements.low] }),
  };
}

/** What a proof of this shape does not say, and where it cannot go. */
function notesOnSignals({ input, output }: PortVisibility, signals: number): string[] {
  const notes: string[] = [];
  if (input === 'private' && output === 'private') notes.push(NO_STATEMENT);
  else if (input === 'private') {
    notes.push(
      'the input is private: a proof says only that some input in the declared range has this output, which may be true of every output; take --input-visibility hashed to bind it to one input',
    );
  }
  if (signals > MAX_SIGNALS) notes.push(tooManySignals(signals));
  return notes;
}

/** Why a build whose input and output are both private proves nothing. */
export const NO_STATEMENT =
  'input and output are both private: a proof says nothing but that the model can be run, which everybody knows; take hashed or public for one of them';

/** Why no contract can check proofs with so many public signals, and what helps. */
export function tooManySignals(signals: number): string {
  return (
    `${signals} public signals: proofs can be verified off chain, but a contract holds at most ${MAX_SIGNALS}; ` +
    'take --input-visibility hashed or --output-visibility hashed to have them checked on chain'
  );
}
