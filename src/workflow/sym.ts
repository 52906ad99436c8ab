/** Names of a linked circuit's wires: the border's by role, a gadget's by layer, instance and signal. */
import type { Netlist } from '../compile/netlist.js';
import type { SignalMeaning } from '../compile/ports.js';
import { WIRE } from '../compile/steps.js';
import type { WitnessPlan } from '../compile/witness-plan.js';

/** One name per wire, wire 0 first. */
export function wireNames(netlist: Netlist, plan: WitnessPlan, signals: readonly SignalMeaning[]): string[] {
  const names = new Array<string>(plan.wireCount);
  names[0] = 'one';
  signals.forEach((signal, i) => {
    names[1 + i] =
      signal.tensor === undefined ? `main.${signal.kind}` : `main.${signal.kind}[${signal.tensor}][${signal.word}]`;
  });
  const firstPrivate = 1 + signals.length;
  for (let i = 0; i < plan.privateInputCount; i += 1) names[firstPrivate + i] = `main.private[${i}]`;
  netlist.steps.forEach((step, index) => {
    const layer = netlist.layers[step.layer].replace(/[^\w.]+/g, '_');
    if (step.gadget === WIRE) {
      names[plan.outputWire[index]] ??= `main.${layer}.wire_${index}`;
      return;
    }
    const { spec, signals: local, outputCount, inputCount } = plan.gadgets[step.gadget];
    const instance = `main.${layer}.${spec.template}_${index}`;
    if (outputCount > 0) names[plan.outputWire[index]] ??= `${instance}.${local[1]}`;
    const firstInner = 1 + outputCount + inputCount;
    for (let k = firstInner; k < local.length; k += 1)
      names[plan.innerWire[index] + k - firstInner] = `${instance}.${local[k]}`;
  });
  return names;
}
