/** Options that several commands share, and the reading of their values. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../errors.js';
import { chooseBackend, type BackendChoice } from '../groth16/backends.js';
import type { Groth16Backend } from '../groth16/types.js';
import { PORT_ROLES, VISIBILITIES, visibilityOf, visibilityOptions, type VisibilityOptions } from '../port-roles.js';
import type { Graph } from '../network/graph.js';
import type { InputShape, ModelChoice } from '../onnx/index.js';
import { PROVED_TO, type ProvedTo } from '../onnx/model.js';
import { buildName } from '../workflow/build-name.js';
import type { CompileOptions } from '../workflow/compile.js';
import { parseSamples, type Sample } from '../workflow/input-json.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { addSignerHelp } from './chain-values.js';
import { readUserText } from './files.js';
import type { Session } from './session.js';

export const jsonOption = (): Option => new Option('--json', 'print one JSON document on standard output');
export const backendOption = (): Option =>
  new Option('--backend <name>', 'prover to use').choices(['auto', 'native', 'wasm', 'snarkjs']).default('auto');
export const rpcOption = (): Option =>
  new Option('--rpc <url>', 'JSON-RPC endpoint; default: a local chain kept in the build folder');
export const proofOption = (): Option =>
  new Option('--proof <file>', 'the proof (default: proof.json in the build folder)');
export const confirmationsOption = (): Option =>
  new Option('--confirmations <n>', 'blocks to wait for').argParser(wholeNumber);

/** What every command that sends transactions to a chain takes. */
export interface SendingFlags {
  readonly rpc?: string;
  readonly confirmations?: number;
  readonly json?: boolean;
}

/** The options of {@link SendingFlags}, last in a command's help, and below them who signs. */
export function addSendingOptions(command: Command): Command {
  return addSignerHelp(command).addOption(rpcOption()).addOption(confirmationsOption()).addOption(jsonOption());
}

/** Who sees the values of each port. */
function addVisibilityOptions(command: Command): Command {
  const usual = visibilityOf({});
  for (const role of PORT_ROLES)
    command.addOption(
      new Option(`--${role}-visibility <v>`, `who sees the ${role}`).choices(VISIBILITIES).default(usual[role]),
    );
  return command;
}

/** The options of `compile`, which `run` and `inspect` share. */
export function addCompileOptions(command: Command): Command {
  const chosen = command
    .option('--calibration <file>', 'samples that set the value ranges: {"input_data": [[...], ...]}')
    .option('--held-out <file>', 'samples that were not calibrated on, for the accuracy report')
    .addOption(
      new Option('--input-range <low,high>', 'declared range of every input element, e.g. 0,1').argParser(range),
    )
    .addOption(
      new Option(
        '--shape <name=sizes>',
        'shape of an input whose dimensions the file leaves open, e.g. input=1,3,224,224; once for each such input',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--output <name>',
        'an output to prove, by its name in the file; once for each (default: all)',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--proved-to <what>',
        'how far a network is proved that ends in a softmax (default: to the scores before it) or a sigmoid (default: to its result)',
      ).choices(PROVED_TO),
    )
    .addOption(
      new Option(
        '--fix-input <name[=values]>',
        'an input that is a constant of the circuit, e.g. steps=4; its value in the calibration data unless given',
      ).argParser(collect),
    );
  return addVisibilityOptions(chosen)
    .option('--scores', 'the outputs are scores of classes: print the class, and how often it is the same as float32')
    .option('--labels <file>', 'the same, with the names of the classes: one a line, or a JSON array')
    .option('--allow-no-statement', 'compile although input and output are both private, so that proofs say nothing')
    .addOption(
      new Option(
        '--activation-bits <n>',
        'bits of activations, 2 to 16 (default: 8, up to 12 where a circuit below 2^17 would err by over 0.8 %)',
      ).argParser(bitCount),
    )
    .addOption(
      new Option(
        '--input-bits <n>',
        'bits of inputs, 2 to 16 (default: those of activations, more where rounding the inputs alone harms an output)',
      ).argParser(bitCount),
    )
    .option('--spread-bits', 'give tensors more bits or fewer than that, by what their errors do to the outputs')
    .addOption(
      new Option(
        '--max-error <share>',
        'take the fewest bits, alike or spread, with at most this error on rows not calibrated on, e.g. 1%',
      )
        .argParser(share)
        .conflicts('activationBits'),
    )
    .addOption(
      new Option(
        '--min-agreement <share>',
        'take the fewest bits, alike or spread, that give the float class at least this often, e.g. 99.5%',
      )
        .argParser(share)
        .conflicts('activationBits'),
    );
}

export interface CompileFlags extends VisibilityOptions {
  readonly calibration?: string;
  readonly heldOut?: string;
  readonly inputRange?: readonly [number, number];
  readonly shape: readonly string[];
  readonly output?: readonly string[];
  readonly provedTo?: ProvedTo;
  readonly fixInput?: readonly string[];
  readonly activationBits?: number;
  readonly inputBits?: number;
  readonly spreadBits?: boolean;
  readonly maxError?: number;
  readonly minAgreement?: number;
  readonly scores?: boolean;
  readonly labels?: string;
  readonly allowNoStatement?: boolean;
  readonly json?: boolean;
}

/**
 * A model file and the options to compile it with. What reads models is loaded here, not with the options: each command
 * has those.
 */
export async function readModelFile(
  path: string,
  flags: CompileFlags,
): Promise<{ readonly onnx: Uint8Array; readonly options: CompileOptions }> {
  const [
    { chooseFrom, decodeModel, graphInputs, parseFixedInput, parseInputShape },
    { parseLabels },
    { fixedAsIn },
    { NO_STATEMENT },
    { readOnnxFile },
  ] = await Promise.all([
    import('../onnx/index.js'),
    import('../workflow/classes.js'),
    import('../workflow/fixed-inputs.js'),
    import('../workflow/compile.js'),
    import('../workflow/onnx-file.js'),
  ]);
  const visibility = visibilityOf(flags);
  if (Object.values(visibility).every((one) => one === 'private') && flags.allowNoStatement !== true) {
    throw new UsageError(`${NO_STATEMENT} (--allow-no-statement compiles it as it is)`);
  }
  const onnx = await readOnnxFile(path);
  const { calibration, inputRange, activationBits, inputBits, spreadBits } = flags;
  const choice = choiceOf(flags, (text) => parseInputShape(text, decodeModel(onnx).inputs));
  let known: Graph['inputs'] | undefined;
  const inputs = (): Graph['inputs'] => (known ??= graphInputs(chooseFrom(decodeModel(onnx), choice)));
  const read = async (file: string | undefined, what: string): Promise<Sample[] | undefined> =>
    file === undefined ? undefined : parseSamples(await readUserText(file, what), inputs(), file);
  const samples = await read(calibration, 'the calibration data');
  const heldOut = await read(flags.heldOut, 'the held-out samples');
  const fixed = flags.fixInput?.map(parseFixedInput).map(({ name, values }) => {
    return values === undefined ? fixedAsIn(samples ?? [], inputs(), name) : { name, values };
  });
  const labels =
    flags.labels === undefined ? undefined : parseLabels(await readUserText(flags.labels, 'the labels'), flags.labels);
  const classes = { scores: flags.scores, labels };
  const { maxError, minAgreement } = flags;
  const target = maxError === undefined && minAgreement === undefined ? undefined : { maxError, minAgreement };
  return {
    onnx,
    options: {
      name: buildName(path),
      calibration: samples,
      heldOut,
      inputRange,
      ...visibilityOptions(visibility),
      activationBits,
      spreadBits,
      inputBits,
      target,
      ...choice,
      ...(fixed === undefined ? {} : { fixed }),
      ...classes,
    },
  };
}

function choiceOf(
  { shape, output, provedTo }: Pick<CompileFlags, 'shape' | 'output' | 'provedTo'>,
  parse: (text: string) => InputShape,
): ModelChoice {
  return {
    ...(shape.length === 0 ? {} : { shapes: shape.map(parse) }),
    ...(output === undefined ? {} : { outputs: output }),
    ...(provedTo === undefined ? {} : { provedTo }),
  };
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** The backend; where `auto` does not give the native one, a notice says why. */
export function backendFor(choice: BackendChoice, session: Session): Groth16Backend {
  return chooseBackend(choice, (text) => session.notice(text));
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
}

function bitCount(text: string): number {
  const bits = wholeNumber(text);
  if (bits < 2 || bits > 16) throw new InvalidArgumentError('give a whole number from 2 to 16');
  return bits;
}

/** A share of one: 0.01 or 1%. */
function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1) || NaN) / 100 : Number(text || NaN);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a share from 0 to 1, as in 0.01 or 1%');
  return value;
}

function range(text: string): readonly [number, number] {
  const ends = text.split(',').map(Number);
  if (ends.length !== 2 || !ends.every(Number.isFinite) || ends[0] >= ends[1])
    throw new InvalidArgumentError('give two numbers, the smaller first, as in --input-range 0,1');
  return [ends[0], ends[1]];
}

/** An address whose checksum is not looked at: without ethers, which takes long to load. */
export function accountText(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError('give an address: 0x and 40 hex digits');
  return text;
}

export function uint256(text: string): bigint {
  if (!/^(0x[0-9a-fA-F]{1,64}|\d{1,78})$/.test(text) || BigInt(text) >= 1n << 256n)
    throw new InvalidArgumentError('give a whole number below 2^256');
  return BigInt(text);
}

/** A context as a number (decimal or 0x). @throws InvalidArgumentError */
export function contextNumber(text: string): bigint {
  if (/^0x[0-9a-fA-F]{40}$/.test(text))
    throw new InvalidArgumentError(
      'an address alone names no contract and no chain; bind the proof to an account with --for',
    );
  if (!/^(0x[0-9a-fA-F]+|\d+)$/.test(text)) throw new InvalidArgumentError('give a number below the field modulus');
  const value = BigInt(text);
  if (value >= FIELD_MODULUS) throw new InvalidArgumentError('the context must be below the scalar field of BN254');
  return value;
}
