//! Four elements at a time in registers of 256 bits (`field::lanes`).

mod butterflies;
mod multiples;
mod pairs;

pub use pairs::PairProducts;

use super::{portable, Kernels, Products, Quarters};
use crate::curve::{Digits, G1Affine, G2Affine, Pair};
use crate::field::{Fq, Fq2, Fr};
use crate::ntt::Twiddles;

/// Only where `field::lanes::available` said so.
pub struct Avx2;

/// Whether a row of this many values is one of whole registers.
fn whole(quarters: &Quarters<'_>) -> bool {
    quarters[0].len().is_multiple_of(4)
}

impl Kernels for Avx2 {
    fn name(&self) -> &'static str {
        "avx2"
    }

    fn forward_quarters(&self, quarters: Quarters<'_>, twiddles: &[Fr; 3]) {
        match whole(&quarters) {
            // SAFETY: this processor has AVX2.
            true => unsafe { butterflies::forward_quarters(quarters, twiddles) },
            false => portable::forward_quarters(quarters, twiddles),
        }
    }

    fn inverse_quarters(&self, quarters: Quarters<'_>, inverses: &[Fr; 3]) {
        match whole(&quarters) {
            // SAFETY: this processor has AVX2.
            true => unsafe { butterflies::inverse_quarters(quarters, inverses) },
            false => portable::inverse_quarters(quarters, inverses),
        }
    }

    fn inverse_quarters_at_root(&self, quarters: Quarters<'_>, quarter_turn: &Fr) {
        match whole(&quarters) {
            // SAFETY: this processor has AVX2.
            true => unsafe { butterflies::inverse_quarters_at_root(quarters, quarter_turn) },
            false => portable::inverse_quarters_at_root(quarters, quarter_turn),
        }
    }

    fn leaf(&self) -> usize {
        16
    }

    fn forward_leaf(&self, values: &mut [Fr], node: usize, twiddles: &Twiddles) {
        let twiddles = std::array::from_fn(|i| twiddles.layer(4 * node + i));
        // SAFETY: this processor has AVX2.
        unsafe { butterflies::forward_leaves(values, &twiddles) }
    }

    fn inverse_leaf(&self, values: &mut [Fr], node: usize, twiddles: &Twiddles) {
        let inverses = std::array::from_fn(|i| twiddles.inverse_layer(4 * node + i));
        // SAFETY: this processor has AVX2.
        unsafe { butterflies::inverse_leaves(values, &inverses) }
    }

    fn add_pairs_g1(&self, pairs: &[Pair<'_, Fq>], out: &mut [G1Affine], products: &mut Products<Fq>) {
        // SAFETY: this processor has AVX2.
        if !unsafe { pairs::add_g1(pairs, out, &mut products.avx2) } {
            portable::add_pairs(pairs, out, &mut products.portable);
        }
    }

    fn add_pairs_g2(&self, pairs: &[Pair<'_, Fq2>], out: &mut [G2Affine], products: &mut Products<Fq2>) {
        // SAFETY: this processor has AVX2.
        if !unsafe { pairs::add_g2(pairs, out, &mut products.avx2) } {
            portable::add_pairs(pairs, out, &mut products.portable);
        }
    }

    fn multiply_points_g1(&self, points: &[G1Affine], digits: &Digits, out: &mut [G1Affine]) {
        if !multiples::multiply_g1(points, digits, out) {
            portable::multiply_points(points, digits, out);
        }
    }
}
