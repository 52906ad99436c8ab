//! Groth16 over BN254 at the speed the witness allows: setup, prover and verifier.
//!
//! Bottom up: `field` (Montgomery arithmetic), `curve` (G1, G2), `kernels` (their inner loops for each set of
//! instructions), `msm` and `ntt` (multiplications and transforms),
//! `prove` and `setup` (the protocol). `formats` reads and writes the files of the circom world, `verify`
//! checks proofs. The crate takes bytes and writers and knows no file system: files are the affair of the crates
//! around it (`files/`, `node/`, `programs/`).

pub mod control;
pub mod curve;
pub mod failure;
pub mod field;
pub mod formats;
pub mod groups;
pub mod kernels;
pub mod msm;
pub mod ntt;
pub mod phase2;
pub mod prove;
pub mod requests;
pub mod setup;
pub mod verify;

#[cfg(test)]
mod testing;
