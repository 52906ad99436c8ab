/** Names of a linked circuit's wires: the border's by role, a gadget's by layer, instance and signal. */
import type { Netlist } from '../compile/netlist.js';
import type { SignalMeaning } from '../compile/ports.js';
import { WIRE } from '../compile/steps.js';
import { layoutOf, wireOfCopy } from '../compile/copies.js';
import type { PlanCopies, WitnessPlan } from '../compile/witness-plan.js';

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
  nameSteps(netlist, plan, names);
  if (netlist.copies !== undefined && plan.copies !== undefined)
    nameCopies(netlist.copies.body, plan, plan.copies, names);
  return names;
}

/** Wires of a circuit's copies, each as the body's, after the copy's number. */
function nameCopies(netlist: Netlist, plan: WitnessPlan, { count, body }: PlanCopies, names: string[]): void {
  const own = new Array<string>(body.wireCount);
  for (let i = 0; i < body.publicOutputCount; i += 1) own[1 + i] = `main.result[${i}]`;
  nameSteps(netlist, body, own);
  const layout = layoutOf(plan, { count, body });
  for (let copy = 0; copy < count; copy += 1) {
    own.forEach(
      (name, wire) => (names[wireOfCopy(layout, copy, wire)] ??= name.replace('main.', `main.copy_${copy}.`)),
    );
  }
}

function nameSteps(netlist: Netlist, plan: WitnessPlan, names: string[]): void {
  netlist.steps.forEach((step, index) => {
    const layer = netlist.layers[step.layer].replace(/[^\w.]+/g, '_');
    if (step.gadget === WIRE) {
      names[plan.outputWire[index]] ??= `main.${layer}.wire_${index}`;
      return;
    }
    const { spec, signals: local, outputCount, inputCount } = plan.gadgets[step.gadget];
    const instance = `main.${layer}.${spec.template}_${index}`;
    for (let k = 0; k < outputCount; k += 1) names[plan.outputWire[index] + k] ??= `${instance}.${local[1 + k]}`;
    const firstInner = 1 + outputCount + inputCount;
    for (let k = firstInner; k < local.length; k += 1)
      names[plan.innerWire[index] + k - firstInner] = `${instance}.${local[k]}`;
  });
}
