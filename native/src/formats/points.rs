//! Points as the files store them (affine, Montgomery form, little-endian; all zero bytes for infinity) and what makes
//! one valid: canonical coordinates, the curve equation, and for G2 the subgroup of order r.
//!
//! The trap: on G1 the curve equation is enough (its cofactor is 1); on G2 it is not (cofactor 2q - r), and a
//! point outside the subgroup lets pairing checks be fooled.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::BigInt;

use super::field_bytes::{is_below, limbs, Q_BYTES};
use super::{FIELD_BYTES, G1_BYTES, G2_BYTES};

/// Why bytes are not a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointDefect {
    NotCanonical,
    NotOnCurve,
    NotInSubgroup,
}

impl PointDefect {
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotCanonical => "has a coordinate that is not below the field's prime",
            Self::NotOnCurve => "is not on the curve",
            Self::NotInSubgroup => "is on the curve but not in the group of order r",
        }
    }
}

fn coordinate(bytes: &[u8]) -> Result<Fq, PointDefect> {
    let bytes: &[u8; FIELD_BYTES] = bytes.try_into().map_err(|_| PointDefect::NotCanonical)?;
    if !is_below(bytes, &Q_BYTES) {
        return Err(PointDefect::NotCanonical);
    }
    Ok(Fq::new_unchecked(BigInt(limbs(bytes))))
}

fn is_infinity(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| b == 0)
}

/// A checked point of G1.
pub fn g1(bytes: &[u8; G1_BYTES]) -> Result<G1Affine, PointDefect> {
    if is_infinity(bytes) {
        return Ok(G1Affine::identity());
    }
    let point = G1Affine::new_unchecked(coordinate(&bytes[..32])?, coordinate(&bytes[32..])?);
    if point.is_on_curve() {
        Ok(point)
    } else {
        Err(PointDefect::NotOnCurve)
    }
}

/// A checked point of G2.
pub fn g2(bytes: &[u8; G2_BYTES]) -> Result<G2Affine, PointDefect> {
    let point = twist(bytes)?;
    if point.is_zero() || point.is_in_correct_subgroup_assuming_on_curve() {
        return Ok(point);
    }
    Err(PointDefect::NotInSubgroup)
}

/// A point of G2's curve that may lie outside the group of order r.
pub fn twist(bytes: &[u8; G2_BYTES]) -> Result<G2Affine, PointDefect> {
    if is_infinity(bytes) {
        return Ok(G2Affine::identity());
    }
    let x = Fq2::new(coordinate(&bytes[..32])?, coordinate(&bytes[32..64])?);
    let y = Fq2::new(coordinate(&bytes[64..96])?, coordinate(&bytes[96..])?);
    let point = G2Affine::new_unchecked(x, y);
    if point.is_on_curve() {
        Ok(point)
    } else {
        Err(PointDefect::NotOnCurve)
    }
}
