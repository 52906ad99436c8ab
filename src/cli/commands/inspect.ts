/** `zkinfer inspect`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../../errors.js';
import { percent } from '../../percent.js';
import { ROWS } from '../../quantize/accuracy.js';
import type { Inspection } from '../../workflow/inspect.js';
import type { Sweep } from '../../workflow/sweep.js';
import { addCompileOptions, jsonOption, readModelFile, type CompileFlags } from '../options.js';
import { printAccuracy, printLayers, printNotes } from '../print.js';
import { execute, showingShare } from '../session.js';
import { textTable } from '../table.js';
import { message, oneLine } from '../terminal.js';

interface Flags extends CompileFlags {
  readonly sweep?: readonly number[];
  readonly svg?: string;
}

export function define(command: Command): void {
  addCompileOptions(command.argument('<model>', 'ONNX file'))
    .addOption(
      new Option('--sweep <from-to>', 'constraints and error for each number of activation bits, e.g. 4-12')
        .argParser(bitsFromTo)
        .conflicts(['activationBits', 'maxError', 'minAgreement']),
    )
    .option('--svg <file>', 'with --sweep: draw error against constraints, too')
    .addOption(jsonOption())
    .action(async (path: string, flags: Flags) => {
      if (flags.svg !== undefined && flags.sweep === undefined)
        throw new UsageError('--svg draws a sweep: say which bits, as in --sweep 4-12');
      if (flags.sweep !== undefined) return await sweep(path, flags, flags.sweep);
      await execute(
        flags,
        async (session) => {
          const { inspectOnnx } = await import('../../workflow/inspect.js');
          const { onnx, options } = await readModelFile(path, flags);
          const result = await session.stage('inspecting', (update) =>
            inspectOnnx(onnx, {
              ...options,
              onStage: update,
              onProgress: showingShare(update),
              signal: session.signal,
            }),
          );
          return { result, ok: result.supported };
        },
        print,
      );
    });
}

/** @throws UnsupportedModelError, and what `inspect` throws */
async function sweep(path: string, flags: Flags, bits: readonly number[]): Promise<void> {
  await execute(
    flags,
    async (session) => {
      const [{ drawSweep, sweepBits }, { writeAtomic }] = await Promise.all([
        import('../../workflow/sweep.js'),
        import('../../atomic-file.js'),
      ]);
      const { onnx, options } = await readModelFile(path, flags);
      const swept = await session.stage('measuring', (update) =>
        sweepBits(
          onnx,
          { ...options, onStage: update, onProgress: showingShare(update), signal: session.signal },
          bits,
        ),
      );
      if (flags.svg !== undefined && swept.points.length > 0)
        await writeAtomic(flags.svg, [drawSweep(swept, `${options.name}: error against constraints`)]);
      return {
        result: { ...swept, ...(flags.svg === undefined ? {} : { svg: flags.svg }) },
        ok: swept.points.length > 0,
      };
    },
    printSweep,
  );
}

function printSweep({ points, reference, svg }: Sweep & { readonly svg?: string }): string {
  if (points.length === 0) return 'The model cannot be quantized with any of these numbers of bits.';
  const rows = points.map(({ bits, constraints, domainSize, relativeError, classAgreement }) => [
    String(bits),
    constraints.toLocaleString('en-US'),
    `2^${Math.log2(domainSize)}`,
    percent(relativeError),
    classAgreement === undefined ? '' : percent(classAgreement),
  ]);
  const text = textTable(['bits', 'constraints', 'domain', 'error', 'same class'], rows);
  return `${text}\n\nagainst ${reference === 'onnxruntime' ? 'onnxruntime' : 'the own evaluator'}, on ${ROWS[points[0].rows]}${svg === undefined ? '' : `\ndrawn in ${svg}`}`;
}

function bitsFromTo(text: string): readonly number[] {
  const [, from, to] = (/^(\d{1,2})-(\d{1,2})$/.exec(text) ?? []).map(Number);
  if (!(from >= 2 && to <= 16 && from <= to))
    throw new InvalidArgumentError('give two whole numbers from 2 to 16, the smaller first, as in --sweep 4-12');
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function print({
  survey,
  supported,
  layers,
  constraints,
  domainSize,
  accuracy,
  notes,
  supportedOps,
}: Inspection): string {
  const shape = (dimensions?: readonly number[]): string => (dimensions ? dimensions.join('×') : '?');
  const tensors = (list: readonly { name: string; type: string; shape?: readonly number[] }[]): string =>
    list.map(({ name, type, shape: s }) => `${oneLine(name)} ${type} [${shape(s)}]`).join(', ');
  const lines = [
    `opset ${survey.opset}${survey.producer ? `, made by ${oneLine(survey.producer)}` : ''}`,
    `inputs:  ${tensors(survey.inputs)}`,
    `outputs: ${tensors(survey.outputs)}`,
    '',
    textTable(
      ['node', 'op', 'shape', 'supported'],
      survey.nodes.map((node) => [node.name, node.op, shape(node.shape), node.supported ? 'yes' : 'no']),
    ),
  ];
  if (!supported) {
    const reasons = survey.unsupported.map((why) => `  - ${message(why)}`);
    return [
      ...lines,
      '',
      'This model cannot be compiled:',
      ...reasons,
      '',
      `Supported operators: ${supportedOps.join(', ')}`,
    ].join('\n');
  }
  lines.push(
    '',
    printLayers(layers ?? []),
    '',
    `${constraints?.toLocaleString('en-US')} constraints, domain 2^${Math.log2(domainSize ?? 1)}`,
  );
  if (accuracy) lines.push(printAccuracy(accuracy));
  if (notes.length > 0) lines.push(printNotes(notes));
  return lines.join('\n');
}
