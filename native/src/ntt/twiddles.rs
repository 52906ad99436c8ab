//! The twiddles of a domain's tree (see `ntt`), and their inverses.

use crate::field::{Field, Fr};

/// c of node j, j below the domain's size.
pub struct Twiddles(pub(super) Vec<Fr>);

impl Twiddles {
    /// For a layer of four at `node`: the node's own and those of its two children.
    #[inline(always)]
    pub fn layer(&self, node: usize) -> [Fr; 3] {
        [node, 2 * node, 2 * node + 1].map(|n| self.0[n])
    }

    /// The same for the way back: inverses, negated.
    #[inline(always)]
    pub fn inverse_layer(&self, node: usize) -> [Fr; 3] {
        [node, 2 * node, 2 * node + 1].map(|n| self.negated_inverse(n))
    }

    /// -1 / c of `node`
    #[inline(always)]
    pub fn negated_inverse(&self, node: usize) -> Fr {
        if node == 0 {
            return Fr::ONE.neg();
        }
        let first = 1usize << node.ilog2();
        self.0[3 * first - 1 - node]
    }
}
