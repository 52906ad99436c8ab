/** Where models come from: artifacts on the provenance ledger, their content, and the way from an attestation back to the data. */
export { PROVENANCE_ABI } from './abi.js';
export * from './artifact.js';
export * from './checkpoints.js';
export * from './cid.js';
export * from './errors.js';
export * from './ledger.js';
export * from './lineage.js';
export { drawLineageSvg } from './lineage-svg.js';
export { drawLineageText } from './lineage-text.js';
