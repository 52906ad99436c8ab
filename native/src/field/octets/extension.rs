//! Eight elements of Fq2 at a time. Products are made from whole limb products before any reduction (Karatsuba, then two
//! reductions for three multiplications).
//!
//! Bounds: with one factor's parts below 33 m and the other's below 16 m, a product's parts are below 16 m.

use super::super::Fq2;
use super::*;

type Part = Octet<FqParams>;

impl Octet2 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn broadcast(x: &Fq2) -> Self {
        Self { c0: Part::broadcast(&x.c0), c1: Part::broadcast(&x.c1) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load(x: [&Fq2; 8]) -> Self {
        // SAFETY: an element is eight words.
        Self::from_words(transpose(by_index!(8, i => unsafe { _mm512_loadu_si512((&raw const *x[i]).cast()) })))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub(super) fn from_words([a, b, c, d, e, f, g, h]: [__m512i; 8]) -> Self {
        Self { c0: Part::from_words([a, b, c, d]), c1: Part::from_words([e, f, g, h]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub(super) fn to_words(self) -> [__m512i; 8] {
        let [a, b, c, d] = self.c0.reduce().to_words();
        let [e, f, g, h] = self.c1.reduce().to_words();
        [a, b, c, d, e, f, g, h]
    }

    /// The canonical elements.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store(self) -> [Fq2; 8] {
        let (c0, c1) = (self.c0.store(), self.c1.store());
        std::array::from_fn(|i| Fq2 { c0: c0[i], c1: c1[i] })
    }

    /// As `Octet::has_zero`; may also say so of elements with one part zero.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn has_zero(&self) -> bool {
        self.c0.has_zero() && self.c1.has_zero()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn difference<const LIFT: usize>(&self, other: &Self) -> Self {
        Self { c0: self.c0.difference::<LIFT>(&other.c0), c1: self.c1.difference::<LIFT>(&other.c1) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn minus_both(&self, a: &Self, b: &Self) -> Self {
        Self { c0: self.c0.minus_both(&a.c0, &b.c0), c1: self.c1.minus_both(&a.c1, &b.c1) }
    }

    /// With parts below 33 m and 16 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn multiply(&self, other: &Self) -> Self {
        let low = self.c0.wide_product(&other.c0);
        let high = self.c1.wide_product(&other.c1);
        // 33 * 16 m^2 is below 7 m 2^260, which makes the difference positive.
        let lift = &Constants::<FqParams>::REF.multiples[7];
        let mut real: Wide = by_index!(2 * LIMBS, i => _mm512_sub_epi64(low[i], high[i]));
        for i in 0..LIMBS {
            real[LIMBS + i] = _mm512_add_epi64(real[LIMBS + i], all(lift[i]));
        }
        let cross = self.c0.sum(&self.c1).wide_product(&other.c0.sum(&other.c1));
        let imaginary = by_index!(2 * LIMBS, i => _mm512_sub_epi64(_mm512_sub_epi64(cross[i], low[i]), high[i]));
        Self { c0: Part::reduce_wide(real), c1: Part::reduce_wide(imaginary) }
    }

    /// Of parts below 16 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn square(&self) -> Self {
        let real = self.c0.sum(&self.c1).multiply(&self.c0.difference::<16>(&self.c1));
        let half = self.c0.multiply(&self.c1);
        Self { c0: real, c1: half.sum(&half) }
    }
}
