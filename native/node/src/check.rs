//! Verification, single and batch, and the full check of a key file.

use ark_bn254::Fr;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use super::failure::Failure;
use super::work::{spawn, Work};
use zkinfer_files::MappedFile;
use zkinfer_native::formats::{json, zkey, FormatErrorKind};
use zkinfer_native::groups::check_key_points;
use zkinfer_native::verify::{self, Proof};

/// Whether the proof shows the statement with these public signals. Arguments are the texts of snarkjs's JSON files.
/// A proof outside the groups and signals at or above r give `false`; texts of another form give an error.
#[napi]
pub fn verify(key: String, public_signals: String, proof: String) -> AsyncTask<Work<bool>> {
    spawn(move || {
        let key = json::parse_key(&key)?;
        match candidate(&public_signals, &proof)? {
            Some((signals, proof)) => Ok(verify::verify(&key, &signals, &proof)?),
            None => Ok(false),
        }
    })
}

/// Positions of the proofs that do not verify, rising; all proofs are for one key.
#[napi]
pub fn verify_batch(key: String, public_signals: Vec<String>, proofs: Vec<String>) -> AsyncTask<Work<Vec<u32>>> {
    spawn(move || {
        let key = json::parse_key(&key)?;
        if public_signals.len() != proofs.len() {
            let reason = format!("{} lists of public signals for {} proofs", public_signals.len(), proofs.len());
            return Err(Failure::new("PUBLIC_SIGNAL_COUNT", reason));
        }
        let mut invalid = Vec::new();
        let mut positions = Vec::new();
        let mut items = Vec::new();
        for (position, (signals, proof)) in public_signals.iter().zip(&proofs).enumerate() {
            match candidate(signals, proof)? {
                Some(item) => {
                    positions.push(position as u32);
                    items.push(item);
                }
                None => invalid.push(position as u32),
            }
        }
        invalid.extend(verify::verify_batch(&key, &items)?.into_iter().map(|index| positions[index]));
        invalid.sort_unstable();
        Ok(invalid)
    })
}

/// Looks at every coefficient and every point of a `.zkey`; rejects with the first defect.
#[napi]
pub fn check_key(path: String) -> AsyncTask<Work<()>> {
    spawn(move || {
        let file = MappedFile::open(path.as_ref())?;
        let key = zkey::parse(file.name(), file.bytes())?;
        key.check_coefficients(file.name())?;
        check_key_points(file.name(), &key)?;
        Ok(())
    })
}

/// Signals and proof, or None where they are well-formed but cannot be valid.
fn candidate(public_signals: &str, proof: &str) -> Result<Option<(Vec<Fr>, Proof)>, Failure> {
    let parsed = json::parse_public(public_signals).and_then(|signals| Ok((signals, json::parse_proof(proof)?)));
    match parsed {
        Ok(pair) => Ok(Some(pair)),
        Err(error) if matches!(error.kind, FormatErrorKind::InvalidPoint | FormatErrorKind::OutOfRange) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
