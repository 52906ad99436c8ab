/** What an action found: when the request is to be looked at again. */
export type Outcome =
  /** In the next turn: something was done, and the contract says what is next. */
  | { readonly next: 'again' }
  /** Not before this time, by the chain's clock; Infinity: not unless an event touches it. */
  | { readonly next: 'wait'; readonly until: number }
  /** The policy, the input or the hour speaks against it. */
  | { readonly next: 'decline'; readonly reason: string };

export const again: Outcome = { next: 'again' };
export const rest: Outcome = { next: 'wait', until: Infinity };
export const waitUntil = (until: number): Outcome => ({ next: 'wait', until });
export const decline = (reason: string): Outcome => ({ next: 'decline', reason });
