/**
 * `zkinfer/solidity`: verifier source from a verification key, its compilation, and the encodings that the contracts
 * read.
 */
export * from '../solidity/index.js';
