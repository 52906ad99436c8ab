//! The GLV decomposition on BN254 (Gallant, Lambert, Vanstone, CRYPTO 2001): k = k1 + lambda k2 with both halves
//! below 2^127 in magnitude, by rounding in the lattice of short vectors (A1, -B1), (A2, A1).
//!
//! The trap: everything is computed modulo 2^128, which is sound only because the results are known to fit.

const A1: u128 = 0x89d3256894d213e3;
const B1: u128 = 0x6f4d8248eeb859fc8211bbeb7d4f1128;
const A2: u128 = 0x6f4d8248eeb859fd0be4e1541221250b;
/// round(2^256 A1 / r)
const G1: [u64; 3] = [0xd91d232ec7e0b3d7, 2, 0];
/// round(2^256 B1 / r)
const G2: [u64; 3] = [0x7a7bd9d4391eb18e, 0x4ccef014a773d2cf, 2];

const SIGN: u128 = 1 << 127;

/// A sign and a magnitude below 2^127.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HalfScalar(u128);

impl HalfScalar {
    #[inline(always)]
    pub fn new(magnitude: u128, negative: bool) -> Self {
        debug_assert!(magnitude < SIGN);
        Self(magnitude | ((negative as u128) << 127))
    }

    #[inline(always)]
    pub fn magnitude(self) -> u128 {
        self.0 & !SIGN
    }

    #[inline(always)]
    pub fn is_negative(self) -> bool {
        self.0 & SIGN != 0
    }

    #[inline(always)]
    fn from_signed(value: i128) -> Self {
        Self::new(value.unsigned_abs(), value < 0)
    }
}

/// (k1, k2) with k = k1 + lambda k2 modulo r, for canonical k.
#[inline]
pub fn split_scalar(k: &[u64; 4]) -> (HalfScalar, HalfScalar) {
    let c1 = multiply_high(k, &G1);
    let c2 = multiply_high(k, &G2);
    let low = k[0] as u128 | ((k[1] as u128) << 64);
    let k1 = low.wrapping_sub(c1.wrapping_mul(A1)).wrapping_sub(c2.wrapping_mul(A2));
    let k2 = c1.wrapping_mul(B1).wrapping_sub(c2.wrapping_mul(A1));
    (HalfScalar::from_signed(k1 as i128), HalfScalar::from_signed(k2 as i128))
}

/// floor(k g / 2^256), which fits 128 bits for the two multipliers above.
#[inline(always)]
fn multiply_high(k: &[u64; 4], g: &[u64; 3]) -> u128 {
    let mut words = [0u64; 7];
    for (i, &digit) in g.iter().enumerate() {
        let mut carry = 0u128;
        for (j, &limb) in k.iter().enumerate() {
            carry += words[i + j] as u128 + limb as u128 * digit as u128;
            words[i + j] = carry as u64;
            carry >>= 64;
        }
        words[i + 4] = carry as u64;
    }
    words[4] as u128 | ((words[5] as u128) << 64)
}
