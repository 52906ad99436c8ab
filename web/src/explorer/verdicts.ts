/** Verdicts as the command line's audit has them. */
import { tag } from '../common/dom.js';

/** `established`: seen. `failed`: seen to be otherwise. `open`: not looked at. `never`: nobody can establish it. */
export type Verdict = 'established' | 'failed' | 'open' | 'never';

const SHOWN = {
  established: { kind: 'good', text: 'established' },
  failed: { kind: 'bad', text: 'FAILED' },
  open: { kind: 'warn', text: 'not established' },
  never: { kind: 'plain', text: 'beyond any check' },
} as const satisfies Record<Verdict, { kind: 'good' | 'bad' | 'warn' | 'plain'; text: string }>;

export const isVerdict = (text: string): text is Verdict => Object.hasOwn(SHOWN, text);

export function verdictTag(verdict: Verdict): HTMLElement {
  const { kind, text } = SHOWN[verdict];
  return tag(kind, text);
}
