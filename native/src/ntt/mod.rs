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
use crate::kernels::{kernels, Kernels, Quarters};
use rayon::prelude::*;

#[cfg(test)]
mod tests;
mod twiddles;

pub use twiddles::Twiddles;

/// A transform of at most this many values stays on one thread.
const SERIAL: usize = 1 << 11;
/// Butterflies of a large block are spread over threads in chunks of this many.
const CHUNK: usize = 1 << 10;

/// The multiplicative subgroup of order 2^log_size and its odd coset.
pub struct Domain {
    log_size: u32,
    twiddles: Twiddles,
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
        Self { log_size, twiddles: Twiddles(twiddles) }
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
        let kernels = kernels();
        if self.log_size.is_multiple_of(2) {
            return self.inverse_node(kernels, values, 0);
        }
        // One layer of two, the rest in layers of four.
        for_halves(values, &|half, i| self.inverse_node(kernels, half, i));
        spread_halves(values, &|a, b| kernels.inverse_halves(a, b));
    }

    /// In place: coefficients to bit-reversed values on the odd coset; position i holds the value at
    /// w^(2 bitrev(i) + 1), w of order 2 size.
    pub fn to_coset_values(&self, coefficients: &mut [Fr]) {
        assert_eq!(coefficients.len(), self.size());
        let kernels = kernels();
        if self.log_size.is_multiple_of(2) {
            return self.forward_node(kernels, coefficients, 1);
        }
        // The coset's own twiddle; a domain of two has a table that ends with it.
        let twiddle = self.twiddles.0[1];
        spread_halves(coefficients, &|a, b| kernels.forward_halves(a, b, &twiddle));
        for_halves(coefficients, &|half, i| self.forward_node(kernels, half, 2 + i));
    }

    /// `values.len()` is a power of four.
    fn forward_node(&self, kernels: &'static dyn Kernels, values: &mut [Fr], node: usize) {
        let length = values.len();
        if length == 1 {
            return;
        }
        let twiddles = self.twiddles.layer(node);
        for_quarters(values, &|q| kernels.forward_quarters(q, &twiddles));
        if length == kernels.leaf() {
            return kernels.forward_leaf(values, node, &self.twiddles);
        }
        for_children(values, length, &|child, i| self.forward_node(kernels, child, 4 * node + i));
    }

    /// `values.len()` is a power of four. Only for nodes of the left half, whose inverse twiddles are mirrored ones
    /// negated.
    fn inverse_node(&self, kernels: &'static dyn Kernels, values: &mut [Fr], node: usize) {
        let length = values.len();
        if length == 1 {
            return;
        }
        if length == kernels.leaf() {
            kernels.inverse_leaf(values, node, &self.twiddles);
        } else {
            for_children(values, length, &|child, i| self.inverse_node(kernels, child, 4 * node + i));
        }
        if node == 0 {
            let quarter_turn = self.twiddles.negated_inverse(1);
            for_quarters(values, &|q| kernels.inverse_quarters_at_root(q, &quarter_turn));
        } else {
            let inverses = self.twiddles.inverse_layer(node);
            for_quarters(values, &|q| kernels.inverse_quarters(q, &inverses));
        }
    }
}

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
