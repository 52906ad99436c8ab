//! Constants of the two BN254 prime fields. Only the moduli are written down; the rest is computed from them
//! when the crate is compiled.

use super::fp::FpParams;

/// 2^28 divides r - 1: the largest power-of-two domain.
pub const TWO_ADICITY: u32 = 28;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FqParams;
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrParams;

const Q: [u64; 4] = [0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029];
const R: [u64; 4] = [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];

impl FpParams for FqParams {
    const MODULUS: [u64; 4] = Q;
    const INV: u64 = negated_inverse(Q[0]);
    const R1: [u64; 4] = power_of_two(&Q, 256);
    const R2: [u64; 4] = power_of_two(&Q, 512);
}

impl FpParams for FrParams {
    const MODULUS: [u64; 4] = R;
    const INV: u64 = negated_inverse(R[0]);
    const R1: [u64; 4] = power_of_two(&R, 256);
    const R2: [u64; 4] = power_of_two(&R, 512);
}

/// -m^-1 mod 2^64 by Newton's iteration.
const fn negated_inverse(m: u64) -> u64 {
    let mut inverse = 1u64;
    let mut i = 0;
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(m.wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg()
}

/// 2^k mod m by repeated doubling.
const fn power_of_two(m: &[u64; 4], k: usize) -> [u64; 4] {
    let mut x = [1u64, 0, 0, 0];
    let mut i = 0;
    while i < k {
        x = [x[0] << 1, (x[1] << 1) | (x[0] >> 63), (x[2] << 1) | (x[1] >> 63), (x[3] << 1) | (x[2] >> 63)];
        if !less(&x, m) {
            x = subtract(&x, m);
        }
        i += 1;
    }
    x
}

const fn less(a: &[u64; 4], b: &[u64; 4]) -> bool {
    let mut i = 4;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

const fn subtract(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut out = [0u64; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (x, under) = a[i].overflowing_sub(b[i]);
        let (x, again) = x.overflowing_sub(borrow as u64);
        out[i] = x;
        borrow = under | again;
        i += 1;
    }
    out
}
