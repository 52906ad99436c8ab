//! Coordinates of points where a key or memory has them, eight at a time into registers; and eight points back into
//! memory, x and y side by side.

use super::super::{Fq, Fq2, Place};
use super::*;

impl Octet<FqParams> {
    /// From places of elements of Fq.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_places(x: &[Place<'_, Fq>; 8]) -> Self {
        let mut addresses = [std::ptr::null(); 8];
        for i in 0..8 {
            addresses[i] = x[i].start().cast();
        }
        Self::from_words(gather(addresses))
    }

    /// The negatives of those below 16 m that `negative` names by bits. Not normalised: only for differences.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn negate_where(self, negative: u8) -> Self {
        let lift = &Constants::<FqParams>::REF.multiples[16];
        Self::new(by_index!(LIMBS, i => _mm512_mask_sub_epi64(self.limbs[i], negative, all(lift[i]), self.limbs[i])))
    }

    /// Eight points.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_points(x: Self, y: Self) -> [[Fq; 2]; 8] {
        let [a, b, c, d] = x.reduce().to_words();
        let [e, f, g, h] = y.reduce().to_words();
        // SAFETY: eight words are two elements, and `reduce` left canonical ones.
        unsafe { std::mem::transmute(transpose([a, b, c, d, e, f, g, h])) }
    }
}

impl Octet2 {
    /// From places of elements of Fq2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_places(x: &[Place<'_, Fq2>; 8]) -> Self {
        // SAFETY: an element is a register's 64 bytes.
        Self::from_words(transpose(by_index!(8, i => unsafe { _mm512_loadu_si512(x[i].start().cast()) })))
    }

    /// As `Octet::negate_where`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn negate_where(self, negative: u8) -> Self {
        Self { c0: self.c0.negate_where(negative), c1: self.c1.negate_where(negative) }
    }

    /// Eight points.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_points(x: Self, y: Self) -> [[Fq2; 2]; 8] {
        let (x, y) = (transpose(x.to_words()), transpose(y.to_words()));
        let mut points = [[_mm512_setzero_si512(); 2]; 8];
        for i in 0..8 {
            points[i] = [x[i], y[i]];
        }
        // SAFETY: eight words are an element of the extension, and `to_words` left canonical parts.
        unsafe { std::mem::transmute(points) }
    }
}
