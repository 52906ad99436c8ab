//! Fq[u] / (u^2 + 1).

use super::{Field, Fq};

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fq2 {
    pub c0: Fq,
    pub c1: Fq,
}

impl Field for Fq2 {
    const ZERO: Self = Self { c0: Fq::ZERO, c1: Fq::ZERO };
    const ONE: Self = Self { c0: Fq::ONE, c1: Fq::ZERO };
    const BYTES: usize = 64;

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.c0.is_zero() && self.c1.is_zero()
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self { c0: self.c0.add(&other.c0), c1: self.c1.add(&other.c1) }
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        Self { c0: self.c0.sub(&other.c0), c1: self.c1.sub(&other.c1) }
    }

    #[inline(always)]
    fn neg(&self) -> Self {
        Self { c0: self.c0.neg(), c1: self.c1.neg() }
    }

    #[inline(always)]
    fn negate_if(&self, condition: bool) -> Self {
        Self { c0: self.c0.negate_if(condition), c1: self.c1.negate_if(condition) }
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let low = self.c0.mul(&other.c0);
        let high = self.c1.mul(&other.c1);
        let cross = self.c0.add(&self.c1).mul(&other.c0.add(&other.c1));
        Self { c0: low.sub(&high), c1: cross.sub(&low).sub(&high) }
    }

    #[inline(always)]
    fn square(&self) -> Self {
        let product = self.c0.mul(&self.c1);
        Self { c0: self.c0.add(&self.c1).mul(&self.c0.sub(&self.c1)), c1: product.double() }
    }

    fn inverse(&self) -> Self {
        let norm = self.c0.square().add(&self.c1.square()).inverse();
        Self { c0: self.c0.mul(&norm), c1: self.c1.neg().mul(&norm) }
    }

    #[inline(always)]
    fn read(bytes: &[u8]) -> Self {
        Self { c0: Fq::read(&bytes[..32]), c1: Fq::read(&bytes[32..64]) }
    }

    #[inline(always)]
    fn write(&self, out: &mut [u8]) {
        self.c0.write(&mut out[..32]);
        self.c1.write(&mut out[32..64]);
    }

    fn write_big_endian(&self, out: &mut [u8]) {
        self.c1.write_big_endian(&mut out[..32]);
        self.c0.write_big_endian(&mut out[32..64]);
    }
}
