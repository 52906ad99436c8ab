/** `zkinfer inspect`. */
import type { Command } from 'commander';
import type { Inspection } from '../../workflow/inspect.js';
import { addCompileOptions, jsonOption, readModel, type CompileFlags } from '../options.js';
import { printAccuracy, printLayers, printNotes } from '../print.js';
import { execute } from '../session.js';
import { table } from '../table.js';
import { message, oneLine } from '../terminal.js';

export function define(command: Command): void {
  addCompileOptions(command.argument('<model>', 'ONNX file'))
    .addOption(jsonOption())
    .action(async (path: string, flags: CompileFlags) => {
      await execute(
        flags,
        async (session) => {
          const { inspectOnnx } = await import('../../workflow/inspect.js');
          const { onnx, options } = await readModel(path, flags);
          const result = await session.stage('inspecting', (update) => inspectOnnx(onnx, { ...options, onStage: update }));
          return { result, ok: result.supported };
        },
        print,
      );
    });
}

function print({ survey, supported, layers, constraints, domainSize, accuracy, notes, supportedOps }: Inspection): string {
  const shape = (dimensions?: readonly number[]): string => (dimensions ? dimensions.join('×') : '?');
  const tensors = (list: readonly { name: string; type: string; shape?: readonly number[] }[]): string => list.map(({ name, type, shape: s }) => `${oneLine(name)} ${type} [${shape(s)}]`).join(', ');
  const lines = [
    `opset ${survey.opset}${survey.producer ? `, made by ${oneLine(survey.producer)}` : ''}`,
    `inputs:  ${tensors(survey.inputs)}`,
    `outputs: ${tensors(survey.outputs)}`,
    '',
    table(['node', 'op', 'shape', 'supported'], survey.nodes.map((node) => [node.name, node.op, shape(node.shape), node.supported ? 'yes' : 'no'])),
  ];
  if (!supported) {
    const reasons = survey.unsupported.map((why) => `  - ${message(why)}`);
    return [...lines, '', 'This model cannot be compiled:', ...reasons, '', `Supported operators: ${supportedOps.join(', ')}`].join('\n');
  }
  lines.push('', printLayers(layers ?? []), '', `${constraints?.toLocaleString('en-US')} constraints, domain 2^${Math.log2(domainSize ?? 1)}`);
  if (accuracy) lines.push(printAccuracy(accuracy));
  if (notes.length > 0) lines.push(printNotes(notes));
  return lines.join('\n');
}
