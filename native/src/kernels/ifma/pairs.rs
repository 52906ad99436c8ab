//! Eight sums at a time in vector registers (`field::octets`), of points wherever they lie. Gives up,
//! before anything is written, when a sum is not the generic one: an abscissa of zero (perhaps the point at infinity), or
//! two equal ones, which show as a product of zero.

use crate::curve::{Affine, Pair};
use crate::field::octets::{Octet, Octet2};
use crate::field::{batch_inverse, Field, Fq, Fq2, FqParams};

/// Below this, one of eight lanes' share of the overhead weighs more than its speed.
const MIN_COUNT: usize = 16;

/// Differences of abscissas and the running products before them, eight at a time.
#[derive(Default)]
pub struct PairProducts {
    g1: Vec<[Octet<FqParams>; 2]>,
    g2: Vec<[Octet2; 2]>,
}

macro_rules! add_pairs {
    ($name:ident, $field:ty, $octet:ty, $products:ident) => {
        /// The sum of each pair to its place in `out`; false, with nothing done, where that cannot be or does not pay.
        #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
        pub fn $name(pairs: &[Pair<'_, $field>], out: &mut [Affine<$field>], products: &mut PairProducts) -> bool {
            if pairs.len() < MIN_COUNT {
                return false;
            }
            let products = &mut products.$products;
            // The last eight may overlap the eight before: their sums are then made twice.
            let octets = pairs.len().div_ceil(8);
            let start = |octet: usize| (8 * octet).min(pairs.len() - 8);
            // Places of one coordinate of the left (0) or right (1) points of eight pairs.
            macro_rules! load {
                ($eight:ident, $coordinate:ident, $side:literal) => {{
                    let mut places = [$eight[0].$coordinate[$side]; 8];
                    for i in 1..8 {
                        places[i] = $eight[i].$coordinate[$side];
                    }
                    <$octet>::load_places(&places)
                }};
            }
            products.clear();
            products.reserve(octets);
            let mut product = <$octet>::broadcast(&<$field>::ONE);
            for octet in 0..octets {
                let eight = &pairs[start(octet)..start(octet) + 8];
                let (x1, x2) = (load!(eight, x, 0), load!(eight, x, 1));
                if x1.has_zero() | x2.has_zero() {
                    return false;
                }
                let dx = x2.difference::<16>(&x1);
                products.push([dx, product]);
                product = dx.multiply(&product);
            }
            let mut inverses = product.store();
            if inverses.iter().any(<$field>::is_zero) {
                return false;
            }
            batch_inverse(&mut inverses);
            let mut inverse = <$octet>::load(inverses.each_ref());
            for octet in (0..octets).rev() {
                let eight = &pairs[start(octet)..start(octet) + 8];
                let [dx, before] = &products[octet];
                let (mut left, mut right) = (0, 0);
                for (i, pair) in eight.iter().enumerate() {
                    left |= (pair.negative & 1) << i;
                    right |= (pair.negative >> 1) << i;
                }
                let (x1, y1) = (load!(eight, x, 0), load!(eight, y, 0).negate_where(left));
                let (x2, y2) = (load!(eight, x, 1), load!(eight, y, 1).negate_where(right));
                let this = inverse.multiply(before);
                inverse = dx.multiply(&inverse);
                let slope = y2.difference::<16>(&y1).multiply(&this);
                let x = slope.square().minus_both(&x1, &x2);
                let y = x1.difference::<17>(&x).multiply(&slope).difference::<16>(&y1);
                let sums = <$octet>::store_points(x, y);
                for i in 0..8 {
                    let [x, y] = sums[i];
                    out[eight[i].to as usize] = Affine { x, y };
                }
            }
            true
        }
    };
}

add_pairs!(add_g1, Fq, Octet<FqParams>, g1);
add_pairs!(add_g2, Fq2, Octet2, g2);
