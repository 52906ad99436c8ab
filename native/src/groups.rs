//! Whether the points of a proving key are in their groups: what nobody may multiply with a secret before it was looked at.
//!
//! The traps: a prover multiplies the points of a key with its witness, and a key that somebody else made may hold points of other
//! curves or of small order. Their multiples stand in the proof, outside the group that its blinding covers, and give the witness away
//! modulo each order (Biehl, Meyer, Müller, CRYPTO 2000). And G2's curve has points outside the group of order r, of orders as
//! small as 10,069: one random combination of such says nothing sure; several do, of weights smaller than any such order.

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
    let place = Place::new(file).within("points B in G2");
    let table = key.points_b2;
    let first_bad = |check: fn(&[u8; G2_BYTES]) -> Option<points::PointDefect>| {
        table.par_chunks_exact(G2_BYTES).enumerate().find_map_first(|(index, bytes)| Some((index, check(bytes.first_chunk()?)?)))
    };
    let refuse = |(index, defect): (usize, points::PointDefect)| {
        Err(place.error(FormatErrorKind::InvalidPoint, format!("point {index} {}", defect.reason())))
    };
    if table.len() > FEW * G2_BYTES {
        if let Some(found) = first_bad(|bytes| points::twist(bytes).err()) {
            return refuse(found);
        }
        // Without randomness the points are looked at one by one.
        if all_in_group(table, KEY_TRIALS).unwrap_or(false) {
            return Ok(());
        }
    }
    first_bad(|bytes| points::g2(bytes).err()).map_or(Ok(()), refuse)
}

/// Whether random combinations of points of G2's curve are in the group of order r, and so, but for 2^-13 a trial, every point.
pub(crate) fn all_in_group(table: &[u8], trials: usize) -> Result<bool, getrandom::Error> {
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
