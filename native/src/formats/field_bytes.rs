//! The two primes of BN254 as the file formats store them, and comparisons on raw bytes.

use ark_bn254::{Fq, Fr};
use ark_ff::PrimeField;

/// r, the order of the group: the field of witnesses and coefficients.
pub(crate) const R_BYTES: [u8; 32] = little_endian(Fr::MODULUS.0);
/// q, the field of coordinates.
pub(crate) const Q_BYTES: [u8; 32] = little_endian(Fq::MODULUS.0);

const fn little_endian(limbs: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    let mut i = 0;
    while i < 32 {
        bytes[i] = (limbs[i / 8] >> (8 * (i % 8))) as u8;
        i += 1;
    }
    bytes
}

/// The four 64-bit limbs of a little-endian number.
pub(crate) fn limbs(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |acc, &b| acc << 8 | u64::from(b));
    }
    limbs
}

/// Whether the number is below `prime`, which for field elements means: has its only valid encoding.
pub(crate) fn is_below(bytes: &[u8; 32], prime: &[u8; 32]) -> bool {
    let (a, b) = (limbs(bytes), limbs(prime));
    a.iter().rev().lt(b.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_as_numbers_not_as_strings() {
        let mut one_below = R_BYTES;
        one_below[0] -= 1;
        assert!(is_below(&one_below, &R_BYTES));
        assert!(!is_below(&R_BYTES, &R_BYTES));
        assert!(!is_below(&[0xff; 32], &R_BYTES));
        assert!(is_below(&[0; 32], &R_BYTES));
        let mut high_low_byte = [0; 32];
        high_low_byte[0] = 0xff;
        assert!(is_below(&high_low_byte, &R_BYTES));
    }
}
