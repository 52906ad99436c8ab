//! Number-theoretic transforms over Fr without bit-reversal passes.
//!
//! Both directions walk the tree of factors of X^2N - 1 (N the domain): a node's modulus X^m - e splits into X^(m/2) - c
//! and X^(m/2) + c with c^2 = e. Values are always in bit-reversed order and coefficients in natural order, every block
//! has one twiddle c for all its butterflies, and node j has the same c at every depth, so one table of N serves all.
//! The left half of the tree is the domain itself; the right half, X^N + 1, is the coset of odd 2N-th roots of unity:
//! evaluating there costs no shift. Layers are taken two at a time (radix 4), depth first, so that blocks stay in cache.
//!
//! The trap: `to_coefficients` leaves out the factor 1/N; callers fold it into a multiplication they do anyway.

use crate::field::{Field, Fr, TWO_ADICITY};
use rayon::prelude::*;

#[cfg(not(target_arch = "x86_64"))]
mod absent;
mod lanes;
mod octets;
pub mod pointwise;

#[cfg(test)]
mod tests;

/// A transform of at most this many values stays on one thread.
const SERIAL: usize = 1 << 11;
/// Butterflies of a large block are spread over threads in chunks of this many.
const CHUNK: usize = 1 << 10;

/// The multiplicative subgroup of order 2^log_size and its odd coset.
pub struct Domain {
    log_size: u32,
    /// c of node j, j < 2^log_size
    twiddles: Vec<Fr>,
}

/// A generator of the subgroup of order 2^log_order, log_order <= 28: 5 generates the multiplicative group.
pub fn root_of_unity(log_order: u32) -> Fr {
    assert!(log_order <= TWO_ADICITY);
    // (r - 1) / 2^28
    let exponent = {
        let top = Fr::ONE.neg().to_canonical();
        let mut e = [0u64; 4];
        for i in 0..4 {
            e[i] = (top[i] >> TWO_ADICITY) | if i < 3 { top[i + 1] << (64 - TWO_ADICITY) } else { 0 };
        }
        e
    };
    let mut root = Fr::from_u64(5).pow(&exponent);
    for _ in log_order..TWO_ADICITY {
        root = root.square();
    }
    root
}

/// `index` with its lowest `bits` bits in reverse.
#[inline(always)]
pub fn bit_reverse(index: usize, bits: u32) -> usize {
    if bits == 0 {
        0
    } else {
        index.reverse_bits() >> (usize::BITS - bits)
    }
}

impl Domain {
    /// log_size is at most 27: the coset needs roots of twice the order.
    pub fn new(log_size: u32) -> Self {
        let size = 1usize << log_size;
        // twiddle(j) = w^bitrev(j) with w of order 2 size; from j to j + 2^k multiplies by w^(2^(log_size - 1 - k)).
        let mut steps = vec![root_of_unity(log_size + 1)];
        for k in 1..log_size.max(1) as usize {
            steps.push(steps[k - 1].square());
        }
        let mut twiddles = Vec::with_capacity(size);
        twiddles.push(Fr::ONE);
        for k in 0..log_size {
            let step = steps[(log_size - 1 - k) as usize];
            for j in 0..1usize << k {
                twiddles.push(twiddles[j].mul(&step));
            }
        }
        Self { log_size, twiddles }
    }

    pub fn log_size(&self) -> u32 {
        self.log_size
    }

    pub fn size(&self) -> usize {
        1 << self.log_size
    }

    /// In place: bit-reversed values on the domain to `size` times the coefficients in natural order.
    pub fn to_coefficients(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        if self.log_size.is_multiple_of(2) {
            return self.inverse_node(values, 0);
        }
        // One layer of two, the rest in layers of four.
        for_halves(values, &|half, i| self.inverse_node(half, i));
        spread_halves(values, &|a, b| {
            if octets::usable(a.len()) {
                return octets::inverse_halves(a, b);
            }
            for (a, b) in a.iter_mut().zip(b) {
                (*a, *b) = (a.add(b), a.sub(b));
            }
        });
    }

    /// In place: coefficients to bit-reversed values on the odd coset; position i holds the value at
    /// w^(2 bitrev(i) + 1), w of order 2 size.
    pub fn to_coset_values(&self, coefficients: &mut [Fr]) {
        assert_eq!(coefficients.len(), self.size());
        if self.log_size.is_multiple_of(2) {
            return self.forward_node(coefficients, 1);
        }
        // The coset's own twiddle; a domain of two has a table that ends with it.
        let twiddle = self.twiddles[1];
        spread_halves(coefficients, &|a, b| {
            if octets::usable(a.len()) {
                return octets::forward_halves(a, b, &twiddle);
            }
            for (a, b) in a.iter_mut().zip(b) {
                let product = b.mul(&twiddle);
                (*a, *b) = (a.add(&product), a.sub(&product));
            }
        });
        for_halves(coefficients, &|half, i| self.forward_node(half, 2 + i));
    }

    /// `values.len()` is a power of four.
    fn forward_node(&self, values: &mut [Fr], node: usize) {
        let length = values.len();
        if length == 1 {
            return;
        }
        let twiddles = self.twiddles_of(node);
        for_quarters(values, &|q| match q[0].len() {
            quarter if octets::usable(quarter) => octets::forward_quarters(q, &twiddles),
            quarter if lanes::usable(quarter) => lanes::forward_quarters(q, &twiddles),
            _ => forward_quarters(q, &twiddles),
        });
        if length == 2 * octets::LEAF && octets::usable(octets::LEAF) {
            for (i, leaf) in values.chunks_exact_mut(octets::LEAF).enumerate() {
                octets::forward_leaves(leaf, |size, place| self.twiddles_of(leaf_node(node, i, size, place)));
            }
            return;
        }
        if length == 16 && lanes::usable(4) {
            let twiddles = std::array::from_fn(|i| self.twiddles_of(4 * node + i));
            return lanes::forward_leaves(values, &twiddles);
        }
        for_children(values, length, &|child, i| self.forward_node(child, 4 * node + i));
    }

    /// `values.len()` is a power of four. Only for nodes of the left half, whose inverse twiddles are mirrored ones
    /// negated.
    fn inverse_node(&self, values: &mut [Fr], node: usize) {
        let length = values.len();
        if length == 1 {
            return;
        }
        if length == 2 * octets::LEAF && octets::usable(octets::LEAF) {
            for (i, leaf) in values.chunks_exact_mut(octets::LEAF).enumerate() {
                octets::inverse_leaves(leaf, |size, place| self.negated_inverses(leaf_node(node, i, size, place)));
            }
        } else if length == 16 && lanes::usable(4) {
            let inverses = std::array::from_fn(|i| self.negated_inverses(4 * node + i));
            lanes::inverse_leaves(values, &inverses);
        } else {
            for_children(values, length, &|child, i| self.inverse_node(child, 4 * node + i));
        }
        if node == 0 {
            let quarter_turn = self.negated_inverse(1);
            for_quarters(values, &|q| match q[0].len() {
                quarter if octets::usable(quarter) => octets::inverse_quarters_at_root(q, &quarter_turn),
                quarter if lanes::usable(quarter) => lanes::inverse_quarters_at_root(q, &quarter_turn),
                _ => inverse_quarters_at_root(q, &quarter_turn),
            });
        } else {
            let inverses = self.negated_inverses(node);
            for_quarters(values, &|q| match q[0].len() {
                quarter if octets::usable(quarter) => octets::inverse_quarters(q, &inverses),
                quarter if lanes::usable(quarter) => lanes::inverse_quarters(q, &inverses),
                _ => inverse_quarters(q, &inverses),
            });
        }
    }

    /// For a layer of four at `node`: the node's own and those of its two children.
    fn twiddles_of(&self, node: usize) -> [Fr; 3] {
        [node, 2 * node, 2 * node + 1].map(|n| self.twiddles[n])
    }

    /// The same for the way back.
    fn negated_inverses(&self, node: usize) -> [Fr; 3] {
        [node, 2 * node, 2 * node + 1].map(|n| self.negated_inverse(n))
    }

    /// -1 / twiddle(node)
    #[inline(always)]
    fn negated_inverse(&self, node: usize) -> Fr {
        if node == 0 {
            return Fr::ONE.neg();
        }
        let first = 1usize << node.ilog2();
        self.twiddles[3 * first - 1 - node]
    }
}

/// In a block of 64 at `node`: the node of block `place` of `size` values, 16 or four, in the block's half `half`.
fn leaf_node(node: usize, half: usize, size: usize, place: usize) -> usize {
    64 / size * node + 32 / size * half + place
}

/// The four quarters of a block, or corresponding parts of them.
type Quarters<'v> = [&'v mut [Fr]; 4];

fn for_quarters(values: &mut [Fr], butterflies: &(dyn Fn(Quarters<'_>) + Sync)) {
    let quarter = values.len() / 4;
    let (ab, cd) = values.split_at_mut(2 * quarter);
    let (a, b) = ab.split_at_mut(quarter);
    let (c, d) = cd.split_at_mut(quarter);
    spread([a, b, c, d], butterflies);
}

fn spread(quarters: Quarters<'_>, butterflies: &(dyn Fn(Quarters<'_>) + Sync)) {
    if quarters[0].len() <= CHUNK {
        return butterflies(quarters);
    }
    let half = quarters[0].len() / 2;
    let [(a0, a1), (b0, b1), (c0, c1), (d0, d1)] = quarters.map(|quarter| quarter.split_at_mut(half));
    rayon::join(|| spread([a0, b0, c0, d0], butterflies), || spread([a1, b1, c1, d1], butterflies));
}

fn spread_halves(values: &mut [Fr], butterflies: &(dyn Fn(&mut [Fr], &mut [Fr]) + Sync)) {
    let (a, b) = values.split_at_mut(values.len() / 2);
    a.par_chunks_mut(CHUNK).zip(b.par_chunks_mut(CHUNK)).for_each(|(a, b)| butterflies(a, b));
}

fn for_halves(values: &mut [Fr], visit: &(dyn Fn(&mut [Fr], usize) + Sync)) {
    let (a, b) = values.split_at_mut(values.len() / 2);
    rayon::join(|| visit(a, 0), || visit(b, 1));
}

fn for_children(values: &mut [Fr], length: usize, visit: &(dyn Fn(&mut [Fr], usize) + Sync)) {
    let quarter = length / 4;
    if length <= SERIAL {
        for (i, child) in values.chunks_exact_mut(quarter).enumerate() {
            visit(child, i);
        }
        return;
    }
    let (left, right) = values.split_at_mut(2 * quarter);
    let both = |half: &mut [Fr], first: usize| {
        let (a, b) = half.split_at_mut(quarter);
        rayon::join(|| visit(a, first), || visit(b, first + 1));
    };
    rayon::join(|| both(left, 0), || both(right, 2));
}

#[inline(always)]
fn forward_quarters([a, b, c, d]: Quarters<'_>, [top, left, right]: &[Fr; 3]) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let ct = c.mul(top);
        let dt = d.mul(top);
        let b_left = b.add(&dt).mul(left);
        let b_right = b.sub(&dt).mul(right);
        let a_left = a.add(&ct);
        let a_right = a.sub(&ct);
        *a = a_left.add(&b_left);
        *b = a_left.sub(&b_left);
        *c = a_right.add(&b_right);
        *d = a_right.sub(&b_right);
    }
}

#[inline(always)]
fn inverse_quarters([a, b, c, d]: Quarters<'_>, [top, left, right]: &[Fr; 3]) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let a_left = a.add(b);
        let b_left = b.sub(a).mul(left);
        let a_right = c.add(d);
        let b_right = d.sub(c).mul(right);
        *a = a_left.add(&a_right);
        *b = b_left.add(&b_right);
        *c = a_right.sub(&a_left).mul(top);
        *d = b_right.sub(&b_left).mul(top);
    }
}

/// Twiddles 1, 1 and i: three of the four multiplications fall away.
#[inline(always)]
fn inverse_quarters_at_root([a, b, c, d]: Quarters<'_>, quarter_turn: &Fr) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let a_left = a.add(b);
        let b_left = a.sub(b);
        let a_right = c.add(d);
        let b_right = d.sub(c).mul(quarter_turn);
        *a = a_left.add(&a_right);
        *b = b_left.add(&b_right);
        *c = a_left.sub(&a_right);
        *d = b_left.sub(&b_right);
    }
}
