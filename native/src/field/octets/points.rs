//! Affine points: eight at a time into two coordinates and back. A point is x and y side by side, 64 bytes in G1 and 128
//! in G2.

use super::super::{Fq, Fq2};
use super::*;

impl Octet<FqParams> {
    /// The two coordinates of eight points.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_points(points: [&[Fq; 2]; 8]) -> [Self; 2] {
        // SAFETY: a point is eight words.
        let z = points.map(|point| unsafe { _mm512_loadu_si512(point.as_ptr().cast()) });
        let [a, b, c, d, e, f, g, h] = transpose(z);
        [Self::from_words([a, b, c, d]), Self::from_words([e, f, g, h])]
    }

    /// The first coordinate of eight points, and whether one is zero.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_abscissas(points: [&[Fq; 2]; 8]) -> (Self, bool) {
        let x = Self::load(points.map(|point| &point[0]));
        (x, x.has_zero())
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_points(x: Self, y: Self) -> [[Fq; 2]; 8] {
        let [a, b, c, d] = x.reduce().to_words();
        let [e, f, g, h] = y.reduce().to_words();
        // SAFETY: eight words are two elements, and `reduce` left canonical ones.
        transpose([a, b, c, d, e, f, g, h]).map(|z| unsafe { std::mem::transmute::<__m512i, [Fq; 2]>(z) })
    }
}

impl Octet2 {
    /// The two coordinates of eight points.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_points(points: [&[Fq2; 2]; 8]) -> [Self; 2] {
        [Self::load(points.map(|point| &point[0])), Self::load(points.map(|point| &point[1]))]
    }

    /// The first coordinate of eight points, and whether one may be zero.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_abscissas(points: [&[Fq2; 2]; 8]) -> (Self, bool) {
        let x = Self::load(points.map(|point| &point[0]));
        (x, x.has_zero())
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_points(x: Self, y: Self) -> [[Fq2; 2]; 8] {
        let (x, y) = (transpose(x.to_words()), transpose(y.to_words()));
        // SAFETY: eight words are an element of the extension, and `to_words` left canonical parts.
        let element = |z| unsafe { std::mem::transmute::<__m512i, Fq2>(z) };
        std::array::from_fn(|i| [element(x[i]), element(y[i])])
    }
}
