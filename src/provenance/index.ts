/**
 * Where models come from: artifacts on the provenance ledger, their content, and the way from an attestation back to
 * the data.
 */
export { PROVENANCE_ABI } from './abi.js';
export * from './artifact.js';
export * from './checkpoints.js';
export * from './cid.js';
export * from './errors.js';
export * from './ledger.js';
export { type ModelLink, readArtifact, readLink, type RecordedArtifact, readRegistry } from './read-ledger.js';
export * from './lineage.js';
export { drawLineageSvg } from './lineage-svg.js';
export { drawLineageText } from './lineage-text.js';
export { type Content, type ContentEntry, hashContent } from './content.js';
export { type LedgerOptions, type LedgerWriteOptions } from './open-ledger.js';
export {
  type ContributorSignature,
  hashCheckpoints,
  recordContent,
  type RecordedContent,
  type RecordOptions,
  signContent,
} from './record-content.js';
export { checkStored, type Difference, firstDifference, type StoredReport } from './stored.js';
export { openStore } from './stores/open.js';
export { type BlockStore, rehashed } from './stores/store.js';
export { type Verified, verifyContent, type VerifyOptions } from './verify-content.js';
export { type LineageOptions, readLineage } from './read-lineage.js';
