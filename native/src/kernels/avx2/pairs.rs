//! Four sums at a time in vector registers (`field::lanes`). Gives up, before anything is written,
//! when a sum is not the generic one: an abscissa of zero (perhaps the point at infinity), or two equal ones, which show
//! as a product of zero.

use crate::curve::{Affine, G1Affine, G2Affine, Pair};
use crate::field::lanes::{Lanes, Lanes2};
use crate::field::{batch_inverse, Field, Fq, Fq2, FqParams};

/// Below this, one of four lanes' share of the overhead weighs more than its speed.
const MIN_COUNT: usize = 16;

/// Running products, four at a time.
#[derive(Default)]
pub struct PairProducts {
    g1: Vec<Lanes<FqParams>>,
    g2: Vec<Lanes2>,
}

macro_rules! add_pairs {
    ($name:ident, $field:ty, $point:ty, $lanes:ty, $products:ident) => {
        /// The sum of each pair to its place in `out`; false, with nothing done, where that cannot be or does not pay.
        #[target_feature(enable = "avx2")]
        pub fn $name(pairs: &[Pair<'_, $field>], out: &mut [$point], products: &mut PairProducts) -> bool {
            let count = pairs.len();
            if count < MIN_COUNT {
                return false;
            }
            let products = &mut products.$products;
            // The last four may overlap the four before: their sums are then made twice.
            let quads = count.div_ceil(4);
            let start = |quad: usize| (4 * quad).min(count - 4);
            products.clear();
            products.reserve(quads);
            let mut product = <$lanes>::broadcast(&<$field>::ONE);
            for quad in 0..quads {
                let four = &pairs[start(quad)..start(quad) + 4];
                if four.iter().any(|pair| pair.x[0].read().is_zero() | pair.x[1].read().is_zero()) {
                    return false;
                }
                let x1 = <$lanes>::load_places([four[0].x[0], four[1].x[0], four[2].x[0], four[3].x[0]]);
                let x2 = <$lanes>::load_places([four[0].x[1], four[1].x[1], four[2].x[1], four[3].x[1]]);
                products.push(product);
                product = x2.difference(&x1).multiply(&product);
            }
            let mut inverses = product.reduce().store();
            if inverses.iter().any(<$field>::is_zero) {
                return false;
            }
            batch_inverse(&mut inverses);
            let [a, b, c, d] = &inverses;
            let mut inverse = <$lanes>::load([a, b, c, d]);
            for quad in (0..quads).rev() {
                let four = &pairs[start(quad)..start(quad) + 4];
                let x1 = <$lanes>::load_places([four[0].x[0], four[1].x[0], four[2].x[0], four[3].x[0]]);
                let x2 = <$lanes>::load_places([four[0].x[1], four[1].x[1], four[2].x[1], four[3].x[1]]);
                let (y1, y2) = if four.iter().all(|pair| pair.negative == 0) {
                    (
                        <$lanes>::load_places([four[0].y[0], four[1].y[0], four[2].y[0], four[3].y[0]]),
                        <$lanes>::load_places([four[0].y[1], four[1].y[1], four[2].y[1], four[3].y[1]]),
                    )
                } else {
                    let [a, b, c, d] = [four[0], four[1], four[2], four[3]].map(|pair| pair.ordinates());
                    (<$lanes>::load([&a[0], &b[0], &c[0], &d[0]]), <$lanes>::load([&a[1], &b[1], &c[1], &d[1]]))
                };
                let this = inverse.multiply(&products[quad]);
                inverse = x2.difference(&x1).multiply(&inverse);
                let slope = y2.difference(&y1).multiply(&this);
                let x = slope.square().difference(&x1).difference(&x2).reduce();
                let y = x1.difference(&x).multiply(&slope).difference(&y1).reduce();
                let (x, y) = (x.store(), y.store());
                for i in 0..4 {
                    out[four[i].to as usize] = Affine { x: x[i], y: y[i] };
                }
            }
            true
        }
    };
}

add_pairs!(add_g1, Fq, G1Affine, Lanes<FqParams>, g1);
add_pairs!(add_g2, Fq2, G2Affine, Lanes2, g2);
