/** What an action found: when the request is to be looked at again. */
export type Outcome =
  /** In the next turn: something was done, and the contract says what is next. */
  | { readonly then: 'again' }
  /** Not before this time, by the chain's clock; Infinity: not unless an event touches it. */
  | { readonly then: 'wait'; readonly until: number }
  /** The policy, the input or the hour speaks against it. */
  | { readonly then: 'decline'; readonly reason: string };

export const again: Outcome = { then: 'again' };
export const rest: Outcome = { then: 'wait', until: Infinity };
export const waitUntil = (until: number): Outcome => ({ then: 'wait', until });
export const decline = (reason: string): Outcome => ({ then: 'decline', reason });
