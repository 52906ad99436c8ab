//! What stands for the vector kernels on machines without vector instructions, where `usable` is never true.

use super::Quarters;
use crate::field::Fr;

pub fn forward_quarters(_: Quarters<'_>, _: &[Fr; 3]) {
    unreachable!("no vector instructions on this machine")
}

pub fn inverse_quarters(_: Quarters<'_>, _: &[Fr; 3]) {
    unreachable!("no vector instructions on this machine")
}

pub fn inverse_quarters_at_root(_: Quarters<'_>, _: &Fr) {
    unreachable!("no vector instructions on this machine")
}
