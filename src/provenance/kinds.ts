/** What an artifact can be; the ledger counts them in this order. */
export const ARTIFACT_KINDS = [
  'unknown',
  'data-set',
  'training-run',
  'checkpoint',
  'checkpoint-batch',
  'model-version',
] as const;
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];
