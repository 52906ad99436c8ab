//! Verification, single and batch, and the full check of a key file.

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use super::work::{spawn, Work};
use zkinfer_files::MappedFile;
use zkinfer_native::requests;

/// `requests::verify_texts`.
#[napi]
pub fn verify(key: String, public_signals: String, proof: String) -> AsyncTask<Work<bool>> {
    spawn(move || requests::verify_texts(&key, &public_signals, &proof))
}

/// `requests::verify_batch_texts`.
#[napi]
pub fn verify_batch(key: String, public_signals: Vec<String>, proofs: Vec<String>) -> AsyncTask<Work<Vec<u32>>> {
    spawn(move || requests::verify_batch_texts(&key, &public_signals, &proofs))
}

/// Looks at every coefficient and every point of a `.zkey`; rejects with the first defect.
#[napi]
pub fn check_key(path: String) -> AsyncTask<Work<()>> {
    spawn(move || {
        let file = MappedFile::open(path.as_ref())?;
        requests::check_key(file.name(), file.bytes())
    })
}
