/** Whether the gadgets of a circuit determine their wires, each within the inputs that its contract allows. */
import { compileGadgets } from '../circom/compile.js';
import { analyse } from '../determinism/analyse.js';
import { gadgetKey, inputRangeOf, type GadgetSpec } from '../gadgets/index.js';

export interface GadgetAudit {
  /** Gadgets that differ in template or parameters. */
  readonly distinct: number;
  /** Range checks whose inner digits are not unique. Nothing but the range check itself reads them. */
  readonly digits: readonly string[];
  readonly open: readonly { readonly gadget: string; readonly reason: string }[];
}

/**
 * Cases of one gadget at most. An ArgMax doubles them with every input, and its argument does not depend on their
 * number.
 */
const MOST_CASES = 1 << 10;

/** @throws CircomError */
export async function auditGadgets(specs: Iterable<GadgetSpec>): Promise<GadgetAudit> {
  const objects = await compileGadgets(specs);
  const digits: string[] = [];
  const open: { gadget: string; reason: string }[] = [];
  for (const [key, object] of objects) {
    const range = inputRangeOf(object.spec);
    const verdict = analyse(
      object.system,
      Array.from({ length: object.inputCount }, () => range),
      MOST_CASES,
    );
    const gadget = key.length > 60 ? `${object.spec.template}(…)` : gadgetKey(object.spec);
    const names = verdict.open.map((wire) => object.signals[wire]);
    if (verdict.gaveUp) open.push({ gadget, reason: 'it has more cases than are looked at' });
    else if (verdict.cases === 0) open.push({ gadget, reason: 'no input within its contract satisfies it' });
    else if (names.length > 0 && object.outputCount === 0) digits.push(gadget);
    else if (names.length > 0)
      open.push({
        gadget,
        reason: `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''} may have several values`,
      });
  }
  return { distinct: objects.size, digits, open };
}
