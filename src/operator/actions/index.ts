/** Carries out a step: one action each, which says when to look again. */
import type { NextStep } from '../steps.js';
import { type Outcome, waitUntil } from '../outcome.js';
import { answerOptimistic, answerProved } from './answer.js';
import { check, follow } from './check.js';
import { defend } from './defend.js';
import type { RequestCase, Office } from './office.js';
import { finalize, slash } from './settle.js';
import { take } from './take.js';

export type { RequestCase, Office } from './office.js';

export async function carryOut(step: NextStep, the: RequestCase, office: Office): Promise<Outcome> {
  if (step.do !== 'leave') the.entry.settledAt = undefined;
  switch (step.do) {
    case 'wait':
      return waitUntil(step.until);
    case 'leave':
      return await office.promises.leave(the.entry, step.outcome);
    case 'take':
      return await take(the, office);
    case 'answerProved':
      return await answerProved(the, office);
    case 'answerOptimistic':
      return await answerOptimistic(the, office);
    case 'check':
      return await check(the, office);
    case 'follow':
      return await follow(the, office, step.until);
    case 'defend':
      return await defend(the, office);
    case 'finalize':
      return await finalize(the, office);
    case 'slash':
      return await slash(the, office);
  }
}
