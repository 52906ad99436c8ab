/** `zkinfer compile`. */
import { Option, type Command } from 'commander';
import { UsageError } from '../../errors.js';
import { defaultBuildFolder } from '../../workflow/build-name.js';
import type { BuildFiles, CompiledModel } from '../../workflow/compile.js';
import { addCompileOptions, jsonOption, readModelFile, wholeNumber, type CompileFlags } from '../options.js';
import { printAccuracy, printLayers, printNotes, printSeconds } from '../print.js';
import { execute, showingShare } from '../session.js';

interface Flags extends CompileFlags {
  readonly batch?: number;
  readonly classOnly?: boolean;
  readonly tally?: boolean;
  readonly emitCircom?: boolean;
  readonly r1cs?: boolean;
  readonly out?: string;
  readonly dropKeys?: boolean;
}

export function define(command: Command): void {
  addCompileOptions(
    command
      .argument('<model>', 'ONNX file')
      .addOption(
        new Option('--batch <n>', 'rows that one proof is of, for prove --inputs (default: one inference)').argParser(
          wholeNumber,
        ),
      )
      .option('--class-only', 'of outputs that are scores, prove which is the largest, and nothing else of them')
      .option('--tally', 'prove how many rows of each class are taken for which, of rows with labels, for score')
      .option('--emit-circom', 'also print the whole circuit as one Circom program, circuit.circom')
      .option('--r1cs', 'write circuit.r1cs and circuit.sym also where they are large (default: up to 64 MB)')
      .option('--out <folder>', 'build folder (default: build/NAME)')
      .option('--drop-keys', 'drop keys that a ceremony made for another circuit, and those of another model'),
  )
    .addOption(jsonOption())
    .action(async (path: string, flags: Flags) => {
      await execute(
        flags,
        async (session) => {
          const [{ emitCircom }, { writeBuild }, { buildFiles, compileOnnx }] = await Promise.all([
            import('../../compile/emit-circom.js'),
            import('../../workflow/build-folder.js'),
            import('../../workflow/compile.js'),
          ]);
          const { batch, classOnly, tally } = flags;
          if ((batch !== undefined || tally) && flags.emitCircom)
            throw new UsageError('--emit-circom prints circuits of one inference; leave out --batch and --tally');
          const folder = flags.out ?? defaultBuildFolder(path);
          const { onnx, options } = await readModelFile(path, flags);
          const compiled = await session.stage(`compiling ${path}`, (update) =>
            compileOnnx(onnx, {
              ...options,
              ...(batch === undefined ? {} : { batch }),
              ...(classOnly ? { classOnly } : {}),
              ...(tally ? { tally } : {}),
              r1cs: flags.r1cs,
              onStage: update,
              onProgress: showingShare(update),
              signal: session.signal,
            }),
          );
          const { netlist, plan } = compiled.circuit;
          const extra: BuildFiles = flags.emitCircom
            ? { 'circuit.circom': () => [emitCircom(netlist, plan, `circuit of ${options.name}`)] }
            : {};
          await session.stage(`writing ${folder}`, () =>
            writeBuild(
              folder,
              compiled.manifest,
              { ...buildFiles(compiled), ...extra },
              { modelPath: path, dropKeys: flags.dropKeys },
            ),
          );
          return { result: summarize(folder, compiled), ok: true };
        },
        print,
      );
    });
}

function summarize(folder: string, { manifest, accuracy, layers, seconds }: CompiledModel) {
  const { circuit, notes, visibility, outputs } = manifest;
  const { activationBits, options } = manifest;
  return {
    folder,
    name: manifest.name,
    ...circuit,
    activationBits,
    spreadBits: options?.spreadBits ?? false,
    seconds,
    accuracy,
    layers,
    visibility,
    notes,
    outputs: outputs.map(({ name, shape, scale, packing }) => ({ name, shape, scale, bits: packing.bits })),
  };
}

function print(result: ReturnType<typeof summarize>): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    printLayers(result.layers),
    '',
    `${number(result.constraints)} constraints, ${number(result.wires)} wires, ${number(result.nonZeros)} non-zeros, ${result.publicSignals} public signals, domain 2^${Math.log2(result.domainSize)}`,
    `${result.activationBits} activation bits${result.spreadBits ? ' in the middle of a spread' : ''}`,
    printAccuracy(result.accuracy),
    ...(result.notes.length > 0 ? [printNotes(result.notes)] : []),
    `compiled in ${printSeconds(result.seconds)} to ${result.folder}`,
    `next: zkinfer setup ${result.folder}`,
  ].join('\n');
}
