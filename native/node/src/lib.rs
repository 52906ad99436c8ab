//! The Node binding (N-API): keys, proofs, setup and verification as promises. Only standard encodings cross: paths,
//! witness bytes, and the texts of snarkjs's JSON files. `src/groth16/native.ts` is its one caller.

mod ceremony;
mod check;
mod control;
mod failure;
mod key;
mod setup;
mod work;
