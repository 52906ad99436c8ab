/**
 * What an operator does next about a request: decided from what the contract says now, and nothing remembered but its
 * role.
 */
import type { MarketRequest } from '../ledger/index.js';

export type NextStep =
  /** Reserve it, then answer. */
  | { readonly do: 'take' }
  /** Answer with a proof: after taking it, or without. */
  | { readonly do: 'answerProved' }
  | { readonly do: 'answerOptimistic' }
  /** Compute another operator's answer again, and dispute it if it is wrong. */
  | { readonly do: 'check' }
  /**
   * Wait until then for the proof of an answer that another disputes, and whose bond is partly this operator's if none
   * comes.
   */
  | { readonly do: 'follow'; readonly until: number }
  /** Prove an own answer that is disputed. */
  | { readonly do: 'defend' }
  | { readonly do: 'finalize' }
  /** Take the bond of an operator that could not prove. */
  | { readonly do: 'slash' }
  /** Nothing before this time (seconds since 1970, by the chain's clock). */
  | { readonly do: 'wait'; readonly until: number }
  /** Nothing any more, unless an event touches it. */
  | { readonly do: 'leave'; readonly outcome: string };

/**
 * Whose answers are computed again: `paid`, those whose bond is partly its own if they are wrong, since it asked or is
 * the watcher.
 */
export const WATCHING = ['nothing', 'paid', 'everything'] as const;
export type Watching = (typeof WATCHING)[number];

export interface Standing {
  /** This operator's address. */
  readonly me: string;
  /** The chain's clock, in seconds since 1970. */
  readonly now: number;
  /** Proved requests are answered without taking them first. */
  readonly direct: boolean;
  readonly watches: Watching;
  /** This operator took the request before, and does not take it again. */
  readonly tried: boolean;
}

/** The next step. The caller drops it where the operator's policy refuses it. */
export function nextStep(request: MarketRequest, { me, now, direct, watches, tried }: Standing): NextStep {
  const mine = request.operator === me;
  const late = now > request.due;
  const leave = (outcome: string): NextStep => ({ do: 'leave', outcome });
  const open = (): NextStep => {
    if (tried) return leave('reopened');
    return request.mode === 'proved' && direct ? { do: 'answerProved' } : { do: 'take' };
  };
  const paid = (): boolean => watches !== 'nothing' && (request.watcher === me || request.asker === me);
  switch (request.status) {
    case 'none':
      return leave('unknown');
    case 'open':
      return now > request.deadline ? leave('expired') : open();
    case 'taken':
      // The contract slashes a late taker in the call that takes the request over.
      if (!mine) return late ? open() : { do: 'wait', until: request.due + 1 };
      if (late) return leave('late');
      return { do: request.mode === 'optimistic' ? 'answerOptimistic' : 'answerProved' };
    case 'answered':
      if (mine) return late ? { do: 'finalize' } : { do: 'wait', until: request.due + 1 };
      return !late && (watches === 'everything' || paid()) ? { do: 'check' } : leave('answered by another');
    case 'disputed':
      if (mine) return late ? leave('unproved') : { do: 'defend' };
      if (request.challenger !== me && !paid()) return leave('disputed by another');
      if (request.challenger !== me && !late) return { do: 'follow', until: request.due + 1 };
      return late ? { do: 'slash' } : { do: 'wait', until: request.due + 1 };
    case 'accepted':
      return leave(mine ? 'paid' : 'answered by another');
    case 'cancelled':
      return leave('cancelled');
  }
}
