//! The inner loops in which a proof's time goes, once for each set of instructions: [`portable`] for every machine,
//! `avx2` and `ifma` (AVX-512 with 52-bit multiply-add) for processors that have them. One implementation of [`Kernels`]
//! is chosen for the process; a method that one does not override is the portable one.
//!
//! A new set of instructions is a module here and a line in [`available`].

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod ifma;
pub mod portable;

use crate::curve::{Affine, Digits, G1Affine, G2Affine, Pair};
use crate::field::{Fq, Fq2, Fr};
use crate::ntt::Twiddles;
use std::sync::OnceLock;
use thiserror::Error;

/// The four quarters of a block of a transform, or corresponding parts of them.
pub type Quarters<'v> = [&'v mut [Fr]; 4];

pub trait Kernels: Sync {
    /// The name by which `choose` knows it.
    fn name(&self) -> &'static str;

    /// A layer of four of a forward transform, in place, on parts of one block.
    fn forward_quarters(&self, quarters: Quarters<'_>, twiddles: &[Fr; 3]) {
        portable::forward_quarters(quarters, twiddles);
    }

    /// The reverse of `forward_quarters`, up to a factor of four; `inverses` are negated.
    fn inverse_quarters(&self, quarters: Quarters<'_>, inverses: &[Fr; 3]) {
        portable::inverse_quarters(quarters, inverses);
    }

    /// `inverse_quarters` where the twiddles are 1, 1 and `quarter_turn`, negated.
    fn inverse_quarters_at_root(&self, quarters: Quarters<'_>, quarter_turn: &Fr) {
        portable::inverse_quarters_at_root(quarters, quarter_turn);
    }

    /// (a, b) = (a + t b, a - t b)
    fn forward_halves(&self, a: &mut [Fr], b: &mut [Fr], twiddle: &Fr) {
        portable::forward_halves(a, b, twiddle);
    }

    /// (a, b) = (a + b, a - b)
    fn inverse_halves(&self, a: &mut [Fr], b: &mut [Fr]) {
        portable::inverse_halves(a, b);
    }

    /// Values in a block of which `forward_leaf` and `inverse_leaf` do all layers but the first; a power of four.
    fn leaf(&self) -> usize {
        4
    }

    /// All layers but the first of the block at `node`, which has `leaf` values.
    fn forward_leaf(&self, _values: &mut [Fr], _node: usize, _twiddles: &Twiddles) {}

    /// The reverse of `forward_leaf`, up to a factor.
    fn inverse_leaf(&self, _values: &mut [Fr], _node: usize, _twiddles: &Twiddles) {}

    /// c = a b, place by place; slices of one length.
    fn multiply(&self, a: &[Fr], b: &[Fr], c: &mut [Fr]) {
        portable::multiply(a, b, c);
    }

    /// c = of_ab a b - of_c c, place by place; slices of one length.
    fn combine(&self, a: &[Fr], b: &[Fr], c: &mut [Fr], of_ab: &Fr, of_c: &Fr) {
        portable::combine(a, b, c, of_ab, of_c);
    }

    /// Whether pairs are best left where they lie, in any order and at any alignment; else they are copied side by side first,
    /// since `add_pairs_g1` looks at them twice.
    fn reads_in_place(&self) -> bool {
        false
    }

    /// The sum of each pair of points of G1, with one inversion for all, to its place in `out`.
    fn add_pairs_g1(&self, pairs: &[Pair<'_, Fq>], out: &mut [G1Affine], products: &mut Products<Fq>) {
        portable::add_pairs(pairs, out, &mut products.portable);
    }

    /// The same in G2.
    fn add_pairs_g2(&self, pairs: &[Pair<'_, Fq2>], out: &mut [G2Affine], products: &mut Products<Fq2>) {
        portable::add_pairs(pairs, out, &mut products.portable);
    }

    /// out[i] = the scalar of `digits` times points[i].
    fn multiply_points_g1(&self, points: &[G1Affine], digits: &Digits, out: &mut [G1Affine]) {
        portable::multiply_points(points, digits, out);
    }
}

/// Running products of `add_pairs_g1` and `add_pairs_g2`, kept to be used again.
pub struct Products<F> {
    portable: Vec<F>,
    #[cfg(target_arch = "x86_64")]
    avx2: avx2::PairProducts,
    #[cfg(target_arch = "x86_64")]
    ifma: ifma::PairProducts,
    pub(crate) sums: Vec<Affine<F>>,
}

impl<F> Default for Products<F> {
    fn default() -> Self {
        Self {
            portable: Vec::new(),
            #[cfg(target_arch = "x86_64")]
            avx2: Default::default(),
            #[cfg(target_arch = "x86_64")]
            ifma: Default::default(),
            sums: Vec::new(),
        }
    }
}

/// What this processor can run, the fastest first.
pub fn available() -> Vec<&'static dyn Kernels> {
    let mut kernels: Vec<&'static dyn Kernels> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if crate::field::octets::available() && crate::field::lanes::available() {
            kernels.push(&ifma::Ifma);
        }
        if crate::field::lanes::available() {
            kernels.push(&avx2::Avx2);
        }
    }
    kernels.push(&portable::Portable);
    kernels
}

static CHOSEN: OnceLock<&'static dyn Kernels> = OnceLock::new();

/// The kernels of this process: those that were chosen by name, or the fastest.
#[inline]
pub fn kernels() -> &'static dyn Kernels {
    #[cfg(test)]
    if let Some(forced) = crate::testing::forced_kernels() {
        return forced;
    }
    *CHOSEN.get_or_init(|| available()[0])
}

/// A name that is none of this processor's kernels, or that comes after others were chosen or used.
#[derive(Debug, Error)]
#[error("no kernels '{name}' here: this processor has {available}, and this process runs {chosen}")]
pub struct UnknownKernels {
    name: String,
    available: String,
    chosen: &'static str,
}

/// Chooses kernels by name, for measurements and tests; before anything has run.
pub fn choose(name: &str) -> Result<(), UnknownKernels> {
    let found = available().into_iter().find(|kernels| kernels.name() == name);
    if let Some(kernels) = found {
        let chosen = CHOSEN.get_or_init(|| kernels);
        if chosen.name() == name {
            return Ok(());
        }
    }
    let names: Vec<&str> = available().iter().map(|kernels| kernels.name()).collect();
    Err(UnknownKernels { name: name.to_owned(), available: names.join(", "), chosen: kernels().name() })
}
