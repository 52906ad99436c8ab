/**
 * The whole circuit as one Circom program over the same templates, for auditors: what the linker does, written out.
 * circom reads long sums in quadratic time, so this is for small models; the main path never compiles it.
 */
import { parameterText } from '../gadgets/index.js';
import { addRow, addValue, Terms, type LinearLayers } from './linear-layer.js';
import type { Netlist } from './netlist.js';
import { WIRE, type Operand } from './steps.js';
import type { WitnessPlan } from './witness-plan.js';

/** How the printed program calls each wire of the linked circuit, wire 0 first; inner wires as in circom's `.sym`. */
export function circomSignals(netlist: Netlist, plan: WitnessPlan): string[] {
  const names = new Array<string>(plan.wireCount);
  names[0] = 'one';
  const valueNames = nameValues(netlist, plan);
  const { publicOutputs, publicInputs, privateInputs } = netlist;
  [...publicOutputs, ...publicInputs, ...privateInputs].forEach((value, i) => {
    names[1 + i] = `main.${valueNames[value]}`;
  });
  netlist.steps.forEach((step, index) => {
    const made = step.gadget === WIRE ? 1 : plan.gadgets[step.gadget].outputCount;
    for (let k = 0; k < made; k += 1) names[plan.outputWire[index] + k] ??= `main.${valueNames[step.firstValue + k]}`;
    if (step.gadget === WIRE) return;
    const { signals, outputCount, inputCount } = plan.gadgets[step.gadget];
    const firstInner = 1 + outputCount + inputCount;
    for (let k = firstInner; k < signals.length; k += 1)
      names[plan.innerWire[index] + k - firstInner] = `main.g${index}.${signals[k]}`;
  });
  return names;
}

/** Source of the program. Compile it with `circuits/` and circomlib on circom's library path (`-l`). */
export function emitCircom(netlist: Netlist, plan: WitnessPlan, title: string): string {
  const names = nameValues(netlist, plan);
  const templates = [...new Set(netlist.gadgets.map((gadget) => gadget.template))].sort();
  const { publicOutputs, privateInputs, steps } = netlist;
  const lines = [
    'pragma circom 2.1.0;',
    '',
    `// ${title.replace(/\s+/g, ' ')}, printed by zkinfer from the netlist that its linker links.`,
    '// secret: one code per input element, then the salts of the commitments. Every constraint is in the templates below or',
    '// is a linear combination.',
    ...templates.map((template) => `include "${template}.circom";`),
    '',
    'template Model() {',
    '    signal input context;',
    `    signal input secret[${privateInputs.length}];`,
    ...(publicOutputs.length > 0 ? [`    signal output out[${publicOutputs.length}];`] : []),
  ];
  const outputs = new Set(publicOutputs);
  let layer = -1;
  steps.forEach((step, index) => {
    if (step.layer !== layer) {
      layer = step.layer;
      lines.push('', `    // ${netlist.layers[layer].replace(/\s+/g, ' ')}`);
    }
    if (step.gadget === WIRE) {
      const declaration = outputs.has(step.firstValue) ? '' : 'signal ';
      lines.push(
        `    ${declaration}${names[step.firstValue]} <== ${expression(step.operands[0], names, netlist.linear)};`,
      );
      return;
    }
    const { spec, signals, outputCount } = plan.gadgets[step.gadget];
    lines.push(`    component g${index} = ${spec.template}(${spec.parameters.map(parameterText).join(', ')});`);
    step.operands.forEach((operand, k) => {
      lines.push(`    g${index}.${signals[1 + outputCount + k]} <== ${expression(operand, names, netlist.linear)};`);
    });
    for (let k = 0; k < outputCount; k += 1) {
      const value = step.firstValue + k;
      if (outputs.has(value)) lines.push(`    ${names[value]} <== g${index}.${signals[1 + k]};`);
    }
  });
  lines.push('}', '', 'component main {public [context]} = Model();', '');
  return lines.join('\n');
}

function nameValues(netlist: Netlist, plan: WitnessPlan): string[] {
  const names = new Array<string>(netlist.valueCount);
  netlist.publicOutputs.forEach((value, i) => (names[value] = `out[${i}]`));
  netlist.publicInputs.forEach((value) => (names[value] = 'context'));
  netlist.privateInputs.forEach((value, i) => (names[value] = `secret[${i}]`));
  netlist.steps.forEach((step, index) => {
    if (step.gadget === WIRE) {
      names[step.firstValue] ??= `w${index}`;
      return;
    }
    const { signals, outputCount } = plan.gadgets[step.gadget];
    for (let k = 0; k < outputCount; k += 1) names[step.firstValue + k] ??= `g${index}.${signals[1 + k]}`;
  });
  return names;
}

function expression(operand: Operand, names: readonly string[], linear: LinearLayers): string {
  const terms: string[] = [];
  const add = (coefficient: bigint, name: string): void => {
    const sign = coefficient < 0 ? '-' : '+';
    const size = String(coefficient).replace('-', '');
    const term = name === '' ? size : size === '1' ? name : `${size} * ${name}`;
    terms.push(terms.length === 0 && sign === '+' ? term : terms.length === 0 ? `-${term}` : `${sign} ${term}`);
  };
  const parts = new Map<number, bigint>();
  let constant = 0n;
  const expanded = new Terms();
  const gather = (factor: bigint): void => {
    for (let k = 0; k < expanded.length; k += 1) {
      const value = expanded.values[k];
      parts.set(value, (parts.get(value) ?? 0n) + factor * BigInt(expanded.coefficients[k]));
    }
    constant += factor * BigInt(expanded.constant);
    expanded.clear();
  };
  if ('values' in operand) {
    operand.values.forEach((value, k) => {
      addValue(expanded, value, 1, linear);
      gather(operand.coefficients[k]);
    });
    constant += operand.constant;
  } else {
    addRow(expanded, operand.rows, operand.row, 1, linear);
    gather(1n);
  }
  for (const [value, coefficient] of parts) if (coefficient !== 0n) add(coefficient, names[value]);
  if (constant !== 0n || terms.length === 0) add(constant, '');
  return terms.join(' ');
}
