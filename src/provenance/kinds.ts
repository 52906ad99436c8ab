/** What an artifact can be; the ledger counts them in this order. */
export const KINDS = [
  'unknown',
  'data-set',
  'training-run',
  'checkpoint',
  'checkpoint-batch',
  'model-version',
] as const;
export type Kind = (typeof KINDS)[number];
