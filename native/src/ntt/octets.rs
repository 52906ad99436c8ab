//! The butterflies of `ntt`, eight at a time in vector registers: values raw, twiddles loaded (see `field::octets`).

use super::Quarters;
use crate::field::Fr;

/// Blocks of this many values are finished at once: a layer of four on blocks of 16, and one on blocks of four.
pub const LEAF: usize = 32;

/// Whether blocks with quarters of this length can be done here.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn usable(quarter: usize) -> bool {
    quarter % 8 == 0 && crate::field::octets::available()
}

#[cfg(not(target_arch = "x86_64"))]
pub fn usable(_quarter: usize) -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
pub use vector::*;

#[cfg(not(target_arch = "x86_64"))]
pub use unreachable::*;

#[cfg(target_arch = "x86_64")]
mod vector {
    use super::{usable, Fr, Quarters, LEAF};
    use crate::field::octets::Octet;
    use crate::field::FrParams;

    type Eight = Octet<FrParams>;

    /// `usable` holds for the quarters' length.
    pub fn forward_quarters(quarters: Quarters<'_>, twiddles: &[Fr; 3]) {
        debug_assert!(usable(quarters[0].len()));
        // SAFETY: the instructions were found.
        unsafe {
            let twiddles = &broadcast(twiddles);
            for_eights(quarters, |values| forward(values, twiddles));
        }
    }

    /// `usable` holds for the quarters' length.
    pub fn inverse_quarters(quarters: Quarters<'_>, negated_inverses: &[Fr; 3]) {
        debug_assert!(usable(quarters[0].len()));
        // SAFETY: the instructions were found.
        unsafe {
            let inverses = &broadcast(negated_inverses);
            for_eights(quarters, |values| inverse(values, inverses));
        }
    }

    /// `usable` holds for the quarters' length.
    pub fn inverse_quarters_at_root(quarters: Quarters<'_>, quarter_turn: &Fr) {
        debug_assert!(usable(quarters[0].len()));
        // SAFETY: the instructions were found.
        unsafe {
            let quarter_turn = &Eight::broadcast(quarter_turn);
            for_eights(quarters, |values| inverse_at_root(values, quarter_turn));
        }
    }

    /// Two neighbouring blocks of 16 and then their eight of four. `twiddles` gives a block's by the number of values in it
    /// and its place.
    pub fn forward_leaves(values: &mut [Fr], twiddles: impl Fn(usize, usize) -> [Fr; 3]) {
        debug_assert!(usable(8) && values.len() == LEAF);
        let outer: [_; 8] = std::array::from_fn(|i| twiddles(16, i / 4));
        let inner: [_; 8] = std::array::from_fn(|i| twiddles(4, i));
        // SAFETY: the instructions were found.
        unsafe {
            let outer = &transpose(&outer);
            columns(values, outer_place, |values| forward(values, outer));
            let inner = &transpose(&inner);
            columns(values, inner_place, |values| forward(values, inner));
        }
    }

    /// The reverse of `forward_leaves`, up to a factor.
    pub fn inverse_leaves(values: &mut [Fr], negated_inverses: impl Fn(usize, usize) -> [Fr; 3]) {
        debug_assert!(usable(8) && values.len() == LEAF);
        let outer: [_; 8] = std::array::from_fn(|i| negated_inverses(16, i / 4));
        let inner: [_; 8] = std::array::from_fn(|i| negated_inverses(4, i));
        // SAFETY: the instructions were found.
        unsafe {
            let inner = &transpose(&inner);
            columns(values, inner_place, |values| inverse(values, inner));
            let outer = &transpose(&outer);
            columns(values, outer_place, |values| inverse(values, outer));
        }
    }

    /// Where lane i of quarter k of two blocks of 16 lies.
    fn outer_place(i: usize, k: usize) -> usize {
        16 * (i / 4) + 4 * k + i % 4
    }

    /// Where value k of block i of four lies.
    fn inner_place(i: usize, k: usize) -> usize {
        4 * i + k
    }

    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn broadcast(twiddles: &[Fr; 3]) -> [Eight; 3] {
        let [top, left, right] = twiddles;
        [Eight::broadcast(top), Eight::broadcast(left), Eight::broadcast(right)]
    }

    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn transpose(twiddles: &[[Fr; 3]; 8]) -> [Eight; 3] {
        let column = |k: usize| Eight::load(twiddles.each_ref().map(|block| &block[k]));
        [column(0), column(1), column(2)]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn for_eights(quarters: Quarters<'_>, butterfly: impl Fn([Eight; 4]) -> [Eight; 4]) {
        let [a, b, c, d] = quarters.map(|quarter| quarter.as_chunks_mut::<8>().0);
        for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
            let outputs = butterfly([
                Eight::load_raw_neighbours(a),
                Eight::load_raw_neighbours(b),
                Eight::load_raw_neighbours(c),
                Eight::load_raw_neighbours(d),
            ]);
            outputs[0].store_raw_neighbours(a);
            outputs[1].store_raw_neighbours(b);
            outputs[2].store_raw_neighbours(c);
            outputs[3].store_raw_neighbours(d);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn columns(
        values: &mut [Fr],
        place: fn(usize, usize) -> usize,
        butterfly: impl Fn([Eight; 4]) -> [Eight; 4],
    ) {
        let column = |k: usize| Eight::load_raw(std::array::from_fn(|i| &values[place(i, k)]));
        let outputs = butterfly([column(0), column(1), column(2), column(3)]);
        for (k, output) in outputs.into_iter().enumerate() {
            for (i, value) in output.store_raw().into_iter().enumerate() {
                values[place(i, k)] = value;
            }
        }
    }

    // Bounds: inputs are canonical; a product of a factor below k m with a twiddle is below (0.19 k + 2) m.

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn forward([a, b, c, d]: [Eight; 4], [top, left, right]: &[Eight; 3]) -> [Eight; 4] {
        let ct = c.multiply(top);
        let dt = d.multiply(top);
        let b_left = b.sum(&dt).multiply(left);
        let b_right = b.difference::<3>(&dt).multiply(right);
        let a_left = a.sum(&ct);
        let a_right = a.difference::<3>(&ct);
        [a_left.sum(&b_left), a_left.difference::<3>(&b_left), a_right.sum(&b_right), a_right.difference::<3>(&b_right)]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn inverse([a, b, c, d]: [Eight; 4], [top, left, right]: &[Eight; 3]) -> [Eight; 4] {
        let b_left = b.difference::<1>(&a).multiply(left);
        let b_right = d.difference::<1>(&c).multiply(right);
        let a_left = a.sum(&b);
        let a_right = c.sum(&d);
        [
            a_left.sum(&a_right),
            b_left.sum(&b_right),
            a_right.difference::<2>(&a_left).multiply(top),
            b_right.difference::<3>(&b_left).multiply(top),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn inverse_at_root([a, b, c, d]: [Eight; 4], quarter_turn: &Eight) -> [Eight; 4] {
        let b_right = d.difference::<1>(&c).multiply(quarter_turn);
        let a_left = a.sum(&b);
        let b_left = a.difference::<1>(&b);
        let a_right = c.sum(&d);
        [a_left.sum(&a_right), b_left.sum(&b_right), a_left.difference::<2>(&a_right), b_left.difference::<3>(&b_right)]
    }
}

/// Where `usable` is never true.
#[cfg(not(target_arch = "x86_64"))]
mod unreachable {
    use super::{Fr, Quarters};

    pub fn forward_quarters(_: Quarters<'_>, _: &[Fr; 3]) {
        unreachable!("no vector instructions on this machine")
    }

    pub fn inverse_quarters(_: Quarters<'_>, _: &[Fr; 3]) {
        unreachable!("no vector instructions on this machine")
    }

    pub fn inverse_quarters_at_root(_: Quarters<'_>, _: &Fr) {
        unreachable!("no vector instructions on this machine")
    }

    pub fn forward_leaves(_: &mut [Fr], _: impl Fn(usize, usize) -> [Fr; 3]) {
        unreachable!("no vector instructions on this machine")
    }

    pub fn inverse_leaves(_: &mut [Fr], _: impl Fn(usize, usize) -> [Fr; 3]) {
        unreachable!("no vector instructions on this machine")
    }
}
