//! The Node binding (N-API): keys, proofs, setup and verification as promises. Only standard encodings cross: paths,
//! witness bytes, and the texts of snarkjs's JSON files. `src/groth16/native.ts` is its one caller.

mod ceremony;
mod check;
mod circuit;
mod control;
mod failure;
mod key;
mod setup;
mod work;

use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;

/// Chooses the kernels by name (`portable`, `avx2`, `ifma`), for measurements and tests; before anything has run.
#[napi]
pub fn choose_kernels(name: String) -> Result<()> {
    zkinfer_native::kernels::choose(&name).map_err(|error| Error::from_reason(error.to_string()))
}
