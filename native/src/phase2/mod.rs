//! The second phase of a Groth16 ceremony, for one circuit (Bowe, Gabizon, Miers, "Scalable Multi-party Computation for
//! zk-SNARK Parameters in the Random Beacon Model", ePrint 2017/1050), in snarkjs's files: contributions and beacons that
//! multiply delta by a secret, their verification against circuit and powers of tau, and the check of the powers themselves.
//!
//! The trap: a key fresh from the powers of tau has delta = gamma = 1, and anybody can forge under it (A = alpha, B = beta,
//! C = minus the public sum). Only a contribution makes it a key.

mod contribute;
mod powers;
#[cfg(test)]
mod tests;
mod transcript;
mod verify;

pub use contribute::{apply_beacon, contribute, Key};
pub use powers::check_powers;
pub use transcript::{Contribution, Hash, Source, Transcript};
pub use verify::{verify_key, Room};

use crate::control::Cancelled;
use crate::formats::sections::Sections;
use crate::formats::{points, zkey, FormatError, FormatErrorKind};
use crate::setup::SetupError;
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::Zero;
use thiserror::Error;

/// Why a ceremony's step was not made, or what a check found.
#[derive(Debug, Error)]
pub enum CeremonyError {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
    #[error("{0}")]
    Usage(String),
    /// The key or the powers are not what they must be.
    #[error("{file}: {reason}")]
    Refused { file: String, reason: String },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Why a key whose every contribution is a beacon is refused.
const BEACONS_ALONE: &str =
    "every contribution to this key is a beacon, whose secret anybody can compute from its value, so anybody can \
    forge proofs under it; have people contribute to the key, and apply the beacon last";

/// Why a key is refused whose contributors' secrets are plain to see.
const NO_SECRET: &str = "nobody contributed a secret to this key: its contributions multiply delta by 1 or -1, or take each other back, so \
    anybody can forge proofs under it; have people contribute to the key";

/// A key that names contributions names one whose secret is not public, and its delta is the one that the last of them left. Whether it
/// tells the truth, `verify_key` finds out.
pub fn check_contributors(file: &str, bytes: &[u8]) -> Result<(), FormatError> {
    let sections = Sections::split(file, bytes, b"zkey", 1)?;
    // A development key names none, and keys of other tools may have no such section.
    if sections.find(10).is_none() {
        return Ok(());
    }
    let transcript = Transcript::parse(file, bytes)?;
    if !transcript.contributions.is_empty() && !transcript.has_secret() {
        return Err(sections.at("contributions").error(FormatErrorKind::Unfinished, BEACONS_ALONE));
    }
    if let Some(last) = transcript.contributions.last() {
        if !has_kept_secret(&transcript) {
            return Err(sections.at("contributions").error(FormatErrorKind::Unfinished, NO_SECRET));
        }
        if points::g1(zkey::parse(file, bytes)?.delta_g1) != Ok(last.delta_after) {
            let reason = "the key's delta is not the one that its last contribution left: key or record was altered";
            return Err(sections.at("contributions").error(FormatErrorKind::InvalidPoint, reason));
        }
    }
    Ok(())
}

/// Whether some contribution's secret is neither 1 nor -1 nor taken back by a later one: whether delta is none of those that anybody
/// can compute, which are 1 and what beacons alone made of it.
fn has_kept_secret(transcript: &Transcript) -> bool {
    let mut known = vec![G1Affine::generator()];
    let mut kept = false;
    for Contribution { delta_after, source, .. } in &transcript.contributions {
        if known.iter().any(|delta| delta_after == delta || *delta_after == -*delta) {
            kept = false;
        } else if *source == Source::Secret {
            kept = true;
        } else if !kept {
            known.push(*delta_after);
        }
    }
    kept
}

fn refused(file: &str, reason: impl Into<String>) -> CeremonyError {
    CeremonyError::Refused { file: file.to_owned(), reason: reason.into() }
}

/// Whether b = k a in G1 and d = k c in G2 for one k, none of them the point at infinity.
fn same_ratio((a, b): (G1Affine, G1Affine), (c, d): (G2Affine, G2Affine)) -> bool {
    if a.is_zero() || b.is_zero() || c.is_zero() || d.is_zero() {
        return false;
    }
    Bn254::multi_pairing([a, -b], [d, c]).is_zero()
}

/// `count` weights of 128 bits from the operating system: whoever made the points cannot have foreseen them, so that a wrong
/// one passes with probability 2^-128.
fn random_weights(count: usize) -> Result<Vec<[u64; 4]>, CeremonyError> {
    let mut bytes = vec![0u8; 16 * count];
    getrandom::fill(&mut bytes).map_err(CeremonyError::Randomness)?;
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    Ok(bytes.chunks_exact(16).map(|weight| [word(&weight[..8]), word(&weight[8..]), 0, 0]).collect())
}
