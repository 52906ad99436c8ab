//! The butterflies of `ntt`, eight at a time in vector registers: values raw, twiddles loaded (see `field::octets`).

use super::super::Quarters;
use crate::field::octets::Octet;
use crate::field::{Fr, FrParams};

type Eight = Octet<FrParams>;

/// Blocks of this many values are finished at once: a layer of four on blocks of 16, and one on blocks of four.
pub const LEAF: usize = 32;

/// In a block of 64 at `node`: the node of block `place` of `size` values, 16 or four, in the block's half `half`.
pub fn leaf_node(node: usize, half: usize, size: usize, place: usize) -> usize {
    64 / size * node + 32 / size * half + place
}

/// Defines `$name`, for quarters of whole registers, as a loop over `$butterfly`.
macro_rules! quarters {
    ($name:ident, $butterfly:ident, $constants:ty, $load:ident) => {
        #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
        pub fn $name([a, b, c, d]: Quarters<'_>, constants: &$constants) {
            let constants = &$load(constants);
            let eights = a.as_chunks_mut::<8>().0.iter_mut().zip(b.as_chunks_mut::<8>().0);
            let eights = eights.zip(c.as_chunks_mut::<8>().0).zip(d.as_chunks_mut::<8>().0);
            for (((a, b), c), d) in eights {
                let values = [
                    Eight::load_raw_neighbours(a),
                    Eight::load_raw_neighbours(b),
                    Eight::load_raw_neighbours(c),
                    Eight::load_raw_neighbours(d),
                ];
                let [w, x, y, z] = $butterfly(values, constants);
                w.store_raw_neighbours(a);
                x.store_raw_neighbours(b);
                y.store_raw_neighbours(c);
                z.store_raw_neighbours(d);
            }
        }
    };
}

quarters!(forward_quarters, forward, [Fr; 3], broadcast);
quarters!(inverse_quarters, inverse, [Fr; 3], broadcast);
quarters!(inverse_quarters_at_root, inverse_at_root, Fr, broadcast_one);

/// (a, b) = (a + t b, a - t b), of whole registers.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn forward_halves(a: &mut [Fr], b: &mut [Fr], twiddle: &Fr) {
    let twiddle = Eight::broadcast(twiddle);
    for (a, b) in a.as_chunks_mut::<8>().0.iter_mut().zip(b.as_chunks_mut::<8>().0) {
        let left = Eight::load_raw_neighbours(a);
        let right = Eight::load_raw_neighbours(b).multiply(&twiddle);
        left.sum(&right).store_raw_neighbours(a);
        left.difference::<3>(&right).store_raw_neighbours(b);
    }
}

/// (a, b) = (a + b, a - b), of whole registers.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn inverse_halves(a: &mut [Fr], b: &mut [Fr]) {
    for (a, b) in a.as_chunks_mut::<8>().0.iter_mut().zip(b.as_chunks_mut::<8>().0) {
        let (left, right) = (Eight::load_raw_neighbours(a), Eight::load_raw_neighbours(b));
        left.sum(&right).store_raw_neighbours(a);
        left.difference::<1>(&right).store_raw_neighbours(b);
    }
}

/// See `Kernels`; slices of whole registers.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn multiply(a: &[Fr], b: &[Fr], c: &mut [Fr]) {
    let factors = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    for ((a, b), c) in factors.zip(c.as_chunks_mut::<8>().0) {
        let product = Eight::load_neighbours(a).multiply(&Eight::load_raw_neighbours(b));
        product.store_raw_neighbours(c);
    }
}

/// See `Kernels`; slices of whole registers.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn combine(a: &[Fr], b: &[Fr], c: &mut [Fr], of_ab: &Fr, of_c: &Fr) {
    let (of_ab, of_c) = (Eight::broadcast(of_ab), Eight::broadcast(of_c));
    let factors = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    for ((a, b), c) in factors.zip(c.as_chunks_mut::<8>().0) {
        let ab = Eight::load_neighbours(a).multiply(&Eight::load_raw_neighbours(b));
        let subtrahend = Eight::load_raw_neighbours(c).multiply(&of_c);
        ab.multiply(&of_ab).difference::<3>(&subtrahend).store_raw_neighbours(c);
    }
}

/// Two neighbouring blocks of 16 and then their eight of four. `twiddles` gives a block's by the number of values in it
/// and its place.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn forward_leaves(values: &mut [Fr], twiddles: impl Fn(usize, usize) -> [Fr; 3]) {
    debug_assert_eq!(values.len(), LEAF);
    let (outer, inner) = leaf_twiddles(twiddles);
    let (outer, inner) = (transpose(&outer), transpose(&inner));
    let outputs = forward(columns(values, outer_place), &outer);
    store_columns(values, outer_place, outputs);
    let outputs = forward(columns(values, inner_place), &inner);
    store_columns(values, inner_place, outputs);
}

/// The reverse of `forward_leaves`, up to a factor.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn inverse_leaves(values: &mut [Fr], negated_inverses: impl Fn(usize, usize) -> [Fr; 3]) {
    debug_assert_eq!(values.len(), LEAF);
    let (outer, inner) = leaf_twiddles(negated_inverses);
    let (outer, inner) = (transpose(&outer), transpose(&inner));
    let outputs = inverse(columns(values, inner_place), &inner);
    store_columns(values, inner_place, outputs);
    let outputs = inverse(columns(values, outer_place), &outer);
    store_columns(values, outer_place, outputs);
}

/// For each lane: of the blocks of 16, and of the blocks of four.
fn leaf_twiddles(twiddles: impl Fn(usize, usize) -> [Fr; 3]) -> ([[Fr; 3]; 8], [[Fr; 3]; 8]) {
    let [first, second] = [twiddles(16, 0), twiddles(16, 1)];
    ([first, first, first, first, second, second, second, second], std::array::from_fn(|i| twiddles(4, i)))
}

/// Where lane i of quarter k of two blocks of 16 lies.
#[inline(always)]
fn outer_place(i: usize, k: usize) -> usize {
    16 * (i / 4) + 4 * k + i % 4
}

/// Where value k of block i of four lies.
#[inline(always)]
fn inner_place(i: usize, k: usize) -> usize {
    4 * i + k
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn broadcast(twiddles: &[Fr; 3]) -> [Eight; 3] {
    let [top, left, right] = twiddles;
    [Eight::broadcast(top), Eight::broadcast(left), Eight::broadcast(right)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn broadcast_one(twiddle: &Fr) -> Eight {
    Eight::broadcast(twiddle)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn transpose([a, b, c, d, e, f, g, h]: &[[Fr; 3]; 8]) -> [Eight; 3] {
    [
        Eight::load([&a[0], &b[0], &c[0], &d[0], &e[0], &f[0], &g[0], &h[0]]),
        Eight::load([&a[1], &b[1], &c[1], &d[1], &e[1], &f[1], &g[1], &h[1]]),
        Eight::load([&a[2], &b[2], &c[2], &d[2], &e[2], &f[2], &g[2], &h[2]]),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn columns(values: &[Fr], place: impl Fn(usize, usize) -> usize) -> [Eight; 4] {
    let mut columns = [Eight::zero(); 4];
    for k in 0..4 {
        let mut column = [&values[0]; 8];
        for i in 0..8 {
            column[i] = &values[place(i, k)];
        }
        columns[k] = Eight::load_raw(column);
    }
    columns
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn store_columns(values: &mut [Fr], place: impl Fn(usize, usize) -> usize, columns: [Eight; 4]) {
    for k in 0..4 {
        let column = columns[k].store_raw();
        for i in 0..8 {
            values[place(i, k)] = column[i];
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
