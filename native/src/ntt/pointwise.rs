//! Products of transformed values, place by place.

use super::octets;
use crate::field::{Field, Fr};

/// c = a b; slices of one length.
pub fn multiply(a: &[Fr], b: &[Fr], c: &mut [Fr]) {
    if octets::usable(c.len()) {
        return octets::multiply(a, b, c);
    }
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        *c = a.mul(b);
    }
}

/// c = of_ab a b - of_c c; slices of one length.
pub fn combine(a: &[Fr], b: &[Fr], c: &mut [Fr], of_ab: &Fr, of_c: &Fr) {
    if octets::usable(c.len()) {
        return octets::combine(a, b, c, of_ab, of_c);
    }
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        *c = a.mul(b).mul(of_ab).sub(&c.mul(of_c));
    }
}
