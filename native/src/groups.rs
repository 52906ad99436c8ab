//! Whether the points of a proving key are in their groups: what nobody may multiply with a secret before it was looked at.
//!
//! The traps: a prover multiplies the points of a key with its witness, and a key that somebody else made may hold points of other
//! curves or of small order. Their multiples stand in the proof, outside the group that its blinding covers, and give the witness away
//! modulo each order (Biehl, Meyer, Müller, CRYPTO 2000). And G2's curve has points outside the group of order r, of orders as
//! small as 10,069: one random combination of such says nothing sure; several do, of weights smaller than any such order.

use ark_bn254::G2Affine;
use rayon::prelude::*;

use crate::curve::PointBytes;
use crate::field::Fq2;
use crate::formats::error::Place;
use crate::formats::{points, FormatError, FormatErrorKind, ZkeyView, G2_BYTES};
use crate::msm::short_msm;

/// The least order of a point outside the group of order r is 10,069, the cofactor 2 q - r's least prime factor. Of the weights
/// below 2^13 at most one, the others given, brings a combination with such a point into the group: 2^-130 for ten.
const GROUP_WEIGHT_BITS: u32 = 13;
/// Powers of tau are checked once, and whoever damaged them may have tried often.
pub(crate) const TRIALS: usize = 10;
/// 2^-65: a key is looked at before its first proof, and its maker has one try, for the witness of one.
const KEY_TRIALS: usize = 5;
/// Fewer points are looked at one by one.
const FEW: usize = 256;

/// Every point of a key has canonical coordinates and is in its group. Uses the calling thread's rayon pool.
pub fn check_key_points(file: &str, key: &ZkeyView<'_>) -> Result<(), FormatError> {
    key.check_g1_points(file)?;
    let found = first_defect_g2(key.points_b2, KEY_TRIALS, |point| point.err().map(|defect| defect.reason()));
    found.map_or(Ok(()), |reason| {
        Err(Place::new(file).within("points B in G2").error(FormatErrorKind::InvalidPoint, reason))
    })
}

/// The first defect of a table of points of G2, with its place: one that `defect` finds in a point as it was read, or that no group has
/// it. Many points are looked at in `trials` random combinations; without randomness, one by one. Uses the calling thread's rayon pool.
pub(crate) fn first_defect_g2(
    table: &[u8],
    trials: usize,
    defect: impl Fn(Result<G2Affine, points::PointDefect>) -> Option<&'static str> + Sync,
) -> Option<String> {
    let first = |read: fn(&[u8; G2_BYTES]) -> Result<G2Affine, points::PointDefect>| {
        table.par_chunks_exact(G2_BYTES).enumerate().find_map_first(|(index, bytes)| {
            defect(read(bytes.first_chunk()?)).map(|reason| format!("point {index} {reason}"))
        })
    };
    if table.len() > FEW * G2_BYTES {
        if let Some(found) = first(points::twist) {
            return Some(found);
        }
        if all_in_group(table, trials).unwrap_or(false) {
            return None;
        }
    }
    first(points::g2)
}

/// Whether random combinations of points of G2's curve are in the group of order r, and so, but for 2^-13 a trial, every point.
fn all_in_group(table: &[u8], trials: usize) -> Result<bool, getrandom::Error> {
    let source = PointBytes::<Fq2>::new(table);
    let mut bytes = vec![0u8; 2 * table.len() / G2_BYTES];
    for _ in 0..trials {
        getrandom::fill(&mut bytes)?;
        let weight = |pair: &[u8]| u16::from_le_bytes([pair[0], pair[1]]) & ((1 << GROUP_WEIGHT_BITS) - 1);
        let weights: Vec<u16> = bytes.chunks_exact(2).map(weight).collect();
        let mut sum = [0; G2_BYTES];
        short_msm(&source, &weights, GROUP_WEIGHT_BITS).to_affine().write(&mut sum);
        if points::g2(&sum).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}
