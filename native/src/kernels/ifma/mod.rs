//! Eight elements at a time in registers of 512 bits, by 52-bit multiply-add (`field::octets`).

mod butterflies;
mod pairs;

pub use pairs::PairProducts;

use super::avx2::Avx2;
use super::{portable, Kernels, Products, Quarters};
use crate::curve::{Digits, G1Affine, G2Affine, Pair};
use crate::field::{Fq, Fq2, Fr};
use crate::ntt::Twiddles;

/// Only where `field::octets::available` said so.
pub struct Ifma;

/// Whether rows of this many values are whole registers.
fn whole(length: usize) -> bool {
    length.is_multiple_of(8)
}

impl Kernels for Ifma {
    fn name(&self) -> &'static str {
        "ifma"
    }

    fn forward_quarters(&self, quarters: Quarters<'_>, twiddles: &[Fr; 3]) {
        match whole(quarters[0].len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::forward_quarters(quarters, twiddles) },
            false => portable::forward_quarters(quarters, twiddles),
        }
    }

    fn inverse_quarters(&self, quarters: Quarters<'_>, inverses: &[Fr; 3]) {
        match whole(quarters[0].len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::inverse_quarters(quarters, inverses) },
            false => portable::inverse_quarters(quarters, inverses),
        }
    }

    fn inverse_quarters_at_root(&self, quarters: Quarters<'_>, quarter_turn: &Fr) {
        match whole(quarters[0].len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::inverse_quarters_at_root(quarters, quarter_turn) },
            false => portable::inverse_quarters_at_root(quarters, quarter_turn),
        }
    }

    fn forward_halves(&self, a: &mut [Fr], b: &mut [Fr], twiddle: &Fr) {
        match whole(a.len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::forward_halves(a, b, twiddle) },
            false => portable::forward_halves(a, b, twiddle),
        }
    }

    fn inverse_halves(&self, a: &mut [Fr], b: &mut [Fr]) {
        match whole(a.len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::inverse_halves(a, b) },
            false => portable::inverse_halves(a, b),
        }
    }

    fn leaf(&self) -> usize {
        2 * butterflies::LEAF
    }

    fn forward_leaf(&self, values: &mut [Fr], node: usize, twiddles: &Twiddles) {
        for (half, leaf) in values.chunks_exact_mut(butterflies::LEAF).enumerate() {
            let layer = |size, place| twiddles.layer(butterflies::leaf_node(node, half, size, place));
            // SAFETY: this processor has the instructions.
            unsafe { butterflies::forward_leaves(leaf, layer) }
        }
    }

    fn inverse_leaf(&self, values: &mut [Fr], node: usize, twiddles: &Twiddles) {
        for (half, leaf) in values.chunks_exact_mut(butterflies::LEAF).enumerate() {
            let layer = |size, place| twiddles.inverse_layer(butterflies::leaf_node(node, half, size, place));
            // SAFETY: this processor has the instructions.
            unsafe { butterflies::inverse_leaves(leaf, layer) }
        }
    }

    fn multiply(&self, a: &[Fr], b: &[Fr], c: &mut [Fr]) {
        match whole(c.len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::multiply(a, b, c) },
            false => portable::multiply(a, b, c),
        }
    }

    fn combine(&self, a: &[Fr], b: &[Fr], c: &mut [Fr], of_ab: &Fr, of_c: &Fr) {
        match whole(c.len()) {
            // SAFETY: this processor has the instructions.
            true => unsafe { butterflies::combine(a, b, c, of_ab, of_c) },
            false => portable::combine(a, b, c, of_ab, of_c),
        }
    }

    fn reads_in_place(&self) -> bool {
        true
    }

    fn add_pairs_g1(&self, pairs: &[Pair<'_, Fq>], out: &mut [G1Affine], products: &mut Products<Fq>) {
        // SAFETY: this processor has the instructions.
        if !unsafe { pairs::add_g1(pairs, out, &mut products.ifma) } {
            portable::add_pairs(pairs, out, &mut products.portable);
        }
    }

    fn add_pairs_g2(&self, pairs: &[Pair<'_, Fq2>], out: &mut [G2Affine], products: &mut Products<Fq2>) {
        // SAFETY: this processor has the instructions.
        if !unsafe { pairs::add_g2(pairs, out, &mut products.ifma) } {
            portable::add_pairs(pairs, out, &mut products.portable);
        }
    }

    /// Registers of 256 bits do this; every processor with those of 512 has them.
    fn multiply_points_g1(&self, points: &[G1Affine], digits: &Digits, out: &mut [G1Affine]) {
        Avx2.multiply_points_g1(points, digits, out);
    }
}
