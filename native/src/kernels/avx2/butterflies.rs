//! The butterflies of `ntt`, four at a time in vector registers.

use super::super::Quarters;
use crate::field::lanes::Lanes;
use crate::field::{Fr, FrParams};

type Four = Lanes<FrParams>;

/// Quarters of whole registers.
#[target_feature(enable = "avx2")]
pub fn forward_quarters(quarters: Quarters<'_>, twiddles: &[Fr; 3]) {
    let twiddles = &broadcast(twiddles);
    for_fours(quarters, |values| forward(values, twiddles));
}

/// Quarters of whole registers.
#[target_feature(enable = "avx2")]
pub fn inverse_quarters(quarters: Quarters<'_>, negated_inverses: &[Fr; 3]) {
    let inverses = &broadcast(negated_inverses);
    for_fours(quarters, |values| inverse(values, inverses));
}

/// Quarters of whole registers.
#[target_feature(enable = "avx2")]
pub fn inverse_quarters_at_root(quarters: Quarters<'_>, quarter_turn: &Fr) {
    let quarter_turn = &Four::broadcast(quarter_turn);
    for_fours(quarters, |values| inverse_at_root(values, quarter_turn));
}

/// Four neighbouring blocks of four, each with its own twiddles.
#[target_feature(enable = "avx2")]
pub fn forward_leaves(values: &mut [Fr], twiddles: &[[Fr; 3]; 4]) {
    let twiddles = &transpose(twiddles);
    leaves(values, |values| forward(values, twiddles));
}

/// Four neighbouring blocks of four, each with its own twiddles.
#[target_feature(enable = "avx2")]
pub fn inverse_leaves(values: &mut [Fr], negated_inverses: &[[Fr; 3]; 4]) {
    let inverses = &transpose(negated_inverses);
    leaves(values, |values| inverse(values, inverses));
}

#[target_feature(enable = "avx2")]
fn broadcast(twiddles: &[Fr; 3]) -> [Four; 3] {
    let [top, left, right] = twiddles;
    [Four::broadcast(top), Four::broadcast(left), Four::broadcast(right)]
}

#[target_feature(enable = "avx2")]
fn transpose([a, b, c, d]: &[[Fr; 3]; 4]) -> [Four; 3] {
    let [a0, a1, a2] = a;
    let [b0, b1, b2] = b;
    let [c0, c1, c2] = c;
    let [d0, d1, d2] = d;
    [Four::load([a0, b0, c0, d0]), Four::load([a1, b1, c1, d1]), Four::load([a2, b2, c2, d2])]
}

#[inline]
#[target_feature(enable = "avx2")]
fn for_fours(quarters: Quarters<'_>, butterfly: impl Fn([Four; 4]) -> [Four; 4]) {
    let [a, b, c, d] = quarters.map(|quarter| quarter.as_chunks_mut::<4>().0);
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let outputs = butterfly([
            Four::load(a.each_ref()),
            Four::load(b.each_ref()),
            Four::load(c.each_ref()),
            Four::load(d.each_ref()),
        ]);
        *a = outputs[0].store();
        *b = outputs[1].store();
        *c = outputs[2].store();
        *d = outputs[3].store();
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn leaves(values: &mut [Fr], butterfly: impl Fn([Four; 4]) -> [Four; 4]) {
    let column = |k: usize| Four::load([&values[k], &values[4 + k], &values[8 + k], &values[12 + k]]);
    let outputs = butterfly([column(0), column(1), column(2), column(3)]);
    for (k, output) in outputs.iter().enumerate() {
        for (block, value) in output.store().into_iter().enumerate() {
            values[4 * block + k] = value;
        }
    }
}

// Bounds: inputs are canonical; a product of a factor below k m with a twiddle is below (0.19 k + 1) m.

#[inline]
#[target_feature(enable = "avx2")]
fn forward([a, b, c, d]: [Four; 4], [top, left, right]: &[Four; 3]) -> [Four; 4] {
    let ct = c.multiply(top);
    let dt = d.multiply(top);
    let b_left = b.sum(&dt).multiply(left);
    let b_right = b.difference(&dt).multiply(right);
    let a_left = a.sum(&ct);
    let a_right = a.difference(&ct);
    [
        a_left.sum(&b_left).reduce(),
        a_left.difference(&b_left).reduce(),
        a_right.sum(&b_right).reduce(),
        a_right.difference(&b_right).reduce(),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn inverse([a, b, c, d]: [Four; 4], [top, left, right]: &[Four; 3]) -> [Four; 4] {
    let b_left = b.difference(&a).multiply(left);
    let b_right = d.difference(&c).multiply(right);
    let a_right = c.sum(&d);
    let mut across = a_right.difference(&a).difference(&b);
    across.carry();
    [
        a.sum(&b).sum(&a_right).reduce(),
        b_left.sum(&b_right).reduce(),
        across.multiply(top).reduce(),
        b_right.difference(&b_left).multiply(top).reduce(),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn inverse_at_root([a, b, c, d]: [Four; 4], quarter_turn: &Four) -> [Four; 4] {
    let b_right = d.difference(&c).multiply(quarter_turn);
    let a_left = a.sum(&b);
    let b_left = a.difference(&b);
    [
        a_left.sum(&c).sum(&d).reduce(),
        b_left.sum(&b_right).reduce(),
        a_left.difference(&c).difference(&d).reduce(),
        b_left.difference(&b_right).reduce(),
    ]
}
