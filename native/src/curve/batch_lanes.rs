//! `batch::add_many` four sums at a time in vector registers (`field::lanes`). Gives up, before anything is written,
//! when a sum is not the generic one: an abscissa of zero (perhaps the point at infinity), or two equal ones, which show
//! as a product of zero.

use super::{Affine, G1Affine, G2Affine};
use crate::field::lanes::{available, Lanes, Lanes2};
use crate::field::{batch_inverse, Field, Fq, Fq2, FqParams};

/// Below this, one of four lanes' share of the overhead weighs more than its speed.
const MIN_COUNT: usize = 16;

/// Running products, four at a time.
#[derive(Default)]
pub struct LaneProducts {
    g1: Vec<Lanes<FqParams>>,
    g2: Vec<Lanes2>,
}

macro_rules! add_many_in_lanes {
    ($name:ident, $inner:ident, $field:ty, $point:ty, $lanes:ty, $products:ident) => {
        #[inline(always)]
        pub fn $name<'a>(
            count: usize,
            get: &impl Fn(usize) -> (&'a $point, &'a $point),
            put: &mut impl FnMut(usize, $point),
            products: &mut LaneProducts,
        ) -> bool {
            // SAFETY: AVX2 was found.
            count >= MIN_COUNT && available() && unsafe { $inner(count, get, put, &mut products.$products) }
        }

        #[target_feature(enable = "avx2")]
        fn $inner<'a>(
            count: usize,
            get: &impl Fn(usize) -> (&'a $point, &'a $point),
            put: &mut impl FnMut(usize, $point),
            products: &mut Vec<$lanes>,
        ) -> bool {
            // The last four may overlap the four before: their sums are then made twice.
            let quads = count.div_ceil(4);
            let start = |quad: usize| (4 * quad).min(count - 4);
            products.clear();
            products.reserve(quads);
            let mut product = <$lanes>::broadcast(&<$field>::ONE);
            for quad in 0..quads {
                let pairs: [_; 4] = std::array::from_fn(|i| get(start(quad) + i));
                if pairs.iter().any(|(p, q)| p.x.is_zero() | q.x.is_zero()) {
                    return false;
                }
                let x1 = <$lanes>::load(pairs.map(|(p, _)| &p.x));
                let x2 = <$lanes>::load(pairs.map(|(_, q)| &q.x));
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
                let pairs: [_; 4] = std::array::from_fn(|i| get(start(quad) + i));
                let x1 = <$lanes>::load(pairs.map(|(p, _)| &p.x));
                let x2 = <$lanes>::load(pairs.map(|(_, q)| &q.x));
                let y1 = <$lanes>::load(pairs.map(|(p, _)| &p.y));
                let y2 = <$lanes>::load(pairs.map(|(_, q)| &q.y));
                let this = inverse.multiply(&products[quad]);
                inverse = x2.difference(&x1).multiply(&inverse);
                let slope = y2.difference(&y1).multiply(&this);
                let x = slope.square().difference(&x1).difference(&x2).reduce();
                let y = x1.difference(&x).multiply(&slope).difference(&y1).reduce();
                let (x, y) = (x.store(), y.store());
                for i in 0..4 {
                    put(start(quad) + i, Affine { x: x[i], y: y[i] });
                }
            }
            true
        }
    };
}

add_many_in_lanes!(add_many_g1, run_g1, Fq, G1Affine, Lanes<FqParams>, g1);
add_many_in_lanes!(add_many_g2, run_g2, Fq2, G2Affine, Lanes2, g2);
