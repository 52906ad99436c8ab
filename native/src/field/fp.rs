//! A prime field element in Montgomery form, generic over the modulus. Always fully reduced, so equality is
//! equality of limbs.

use super::mul::{add, montgomery_mul, subtract, subtract_once};
use super::Field;
use std::marker::PhantomData;
use zeroize::Zeroize;

/// A modulus of at most 254 bits and what follows from it.
pub trait FpParams: Copy + Clone + Eq + Send + Sync + std::fmt::Debug + 'static {
    const MODULUS: [u64; 4];
    /// -MODULUS^-1 mod 2^64
    const INV: u64;
    /// 2^256 mod MODULUS
    const R1: [u64; 4];
    /// 2^512 mod MODULUS
    const R2: [u64; 4];
}

#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fp<P: FpParams>(pub [u64; 4], PhantomData<P>);

impl<P: FpParams> Fp<P> {
    pub const ZERO: Self = Self([0; 4], PhantomData);
    pub const ONE: Self = Self(P::R1, PhantomData);

    /// Takes limbs that are already in Montgomery form and reduced.
    #[inline(always)]
    pub const fn from_montgomery(limbs: [u64; 4]) -> Self {
        Self(limbs, PhantomData)
    }

    /// From an integer below the modulus.
    #[inline(always)]
    pub fn from_canonical(limbs: [u64; 4]) -> Self {
        Self(montgomery_mul(&limbs, &P::R2, &P::MODULUS, P::INV), PhantomData)
    }

    pub fn from_u64(value: u64) -> Self {
        Self::from_canonical([value, 0, 0, 0])
    }

    /// The integer below the modulus.
    #[inline(always)]
    pub fn to_canonical(self) -> [u64; 4] {
        montgomery_mul(&self.0, &[1, 0, 0, 0], &P::MODULUS, P::INV)
    }

    /// From 64 uniform bytes, with a bias below 2^-256: low + high * 2^256.
    pub fn from_uniform_bytes(bytes: &[u8; 64]) -> Self {
        let half = |at: usize| {
            let mut limbs = limbs_from_bytes(&bytes[at..at + 32]);
            while !is_below(&limbs, &P::MODULUS) {
                limbs = subtract_once(limbs, &P::MODULUS);
            }
            limbs
        };
        let r2 = Self(P::R2, PhantomData);
        let low = Self(half(0), PhantomData).mul(&r2);
        let high = Self(half(32), PhantomData).mul(&r2).mul(&r2);
        low.add(&high)
    }

    pub fn pow(&self, exponent: &[u64]) -> Self {
        let mut result = Self::ONE;
        for limb in exponent.iter().rev() {
            for bit in (0..64).rev() {
                result = result.square();
                if (limb >> bit) & 1 == 1 {
                    result = result.mul(self);
                }
            }
        }
        result
    }
}

/// Whether a canonical integer is below a modulus.
#[inline(always)]
pub fn is_below(limbs: &[u64; 4], modulus: &[u64; 4]) -> bool {
    for i in (0..4).rev() {
        if limbs[i] != modulus[i] {
            return limbs[i] < modulus[i];
        }
    }
    false
}

/// Four limbs from 32 little-endian bytes.
#[inline(always)]
pub fn limbs_from_bytes(bytes: &[u8]) -> [u64; 4] {
    let bytes: &[u8; 32] = bytes[..32].try_into().expect("32 bytes");
    let limb = |i: usize| u64::from_le_bytes(bytes[i * 8..i * 8 + 8].try_into().expect("8 bytes"));
    [limb(0), limb(1), limb(2), limb(3)]
}

impl<P: FpParams> Field for Fp<P> {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;
    const BYTES: usize = 32;

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        // Both below 2^254: no carry leaves the top.
        let (sum, _) = add(&self.0, &other.0);
        Self(subtract_once(sum, &P::MODULUS), PhantomData)
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let (difference, borrow) = subtract(&self.0, &other.0);
        let mask = (borrow as u64).wrapping_neg();
        let (result, _) = add(&difference, &P::MODULUS.map(|limb| limb & mask));
        Self(result, PhantomData)
    }

    #[inline(always)]
    fn neg(&self) -> Self {
        if self.is_zero() {
            *self
        } else {
            Self(P::MODULUS, PhantomData).sub(self)
        }
    }

    #[inline(always)]
    fn negate_if(&self, condition: bool) -> Self {
        let (negated, _) = subtract(&P::MODULUS, &self.0);
        let mask = ((condition & !self.is_zero()) as u64).wrapping_neg();
        Self(std::array::from_fn(|i| (negated[i] & mask) | (self.0[i] & !mask)), PhantomData)
    }

    // WebAssembly's engines compile large functions badly, and to small ones calls are cheap.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn mul(&self, other: &Self) -> Self {
        Self(montgomery_mul(&self.0, &other.0, &P::MODULUS, P::INV), PhantomData)
    }

    fn inverse(&self) -> Self {
        // inverse(x R) is x^-1 R^-1 as an integer; two factors of R^2 bring it back to Montgomery form.
        let plain = super::inverse::inverse_mod(&self.0, &P::MODULUS);
        let r2 = Self(P::R2, PhantomData);
        Self(plain, PhantomData).mul(&r2).mul(&r2)
    }

    #[inline(always)]
    fn read(bytes: &[u8]) -> Self {
        Self(limbs_from_bytes(bytes), PhantomData)
    }

    #[inline(always)]
    fn write(&self, out: &mut [u8]) {
        for (chunk, limb) in out.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
    }

    fn write_big_endian(&self, out: &mut [u8]) {
        for (chunk, limb) in out.chunks_exact_mut(8).zip(self.to_canonical().iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
    }
}

impl<P: FpParams> Zeroize for Fp<P> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<P: FpParams> std::fmt::Debug for Fp<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let v = self.to_canonical();
        write!(f, "0x{:016x}{:016x}{:016x}{:016x}", v[3], v[2], v[1], v[0])
    }
}
