//! `batch::add_many` eight sums at a time in vector registers (`field::octets`). Gives up, before anything is written,
//! when a sum is not the generic one: an abscissa of zero (perhaps the point at infinity), or two equal ones, which show
//! as a product of zero.

use super::{Affine, G1Affine, G2Affine};
use crate::field::octets::{available, Octet, Octet2};
use crate::field::{batch_inverse, Field, Fq, Fq2, FqParams};

/// Below this, one of eight lanes' share of the overhead weighs more than its speed.
const MIN_COUNT: usize = 16;

/// Differences of abscissas and the running products before them, eight at a time.
#[derive(Default)]
pub struct OctetProducts {
    g1: Vec<[Octet<FqParams>; 2]>,
    g2: Vec<[Octet2; 2]>,
}

macro_rules! add_many_in_octets {
    ($name:ident, $inner:ident, $field:ty, $point:ty, $octet:ty, $products:ident) => {
        #[inline(always)]
        pub fn $name<'a>(
            count: usize,
            get: &impl Fn(usize) -> (&'a $point, &'a $point),
            put: &mut impl FnMut(usize, $point),
            products: &mut OctetProducts,
        ) -> bool {
            // SAFETY: the instructions were found.
            count >= MIN_COUNT && available() && unsafe { $inner(count, get, put, &mut products.$products) }
        }

        #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
        fn $inner<'a>(
            count: usize,
            get: &impl Fn(usize) -> (&'a $point, &'a $point),
            put: &mut impl FnMut(usize, $point),
            products: &mut Vec<[$octet; 2]>,
        ) -> bool {
            // The last eight may overlap the eight before: their sums are then made twice.
            let octets = count.div_ceil(8);
            let start = |octet: usize| (8 * octet).min(count - 8);
            products.clear();
            products.reserve(octets);
            let mut product = <$octet>::broadcast(&<$field>::ONE);
            for octet in 0..octets {
                let pairs: [_; 8] = std::array::from_fn(|i| get(start(octet) + i));
                let (x1, zero1) = <$octet>::load_abscissas(pairs.map(|(p, _)| p.coordinates()));
                let (x2, zero2) = <$octet>::load_abscissas(pairs.map(|(_, q)| q.coordinates()));
                if zero1 | zero2 {
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
            for (octet, [dx, before]) in products.iter().enumerate().rev() {
                let pairs: [_; 8] = std::array::from_fn(|i| get(start(octet) + i));
                let [x1, y1] = <$octet>::load_points(pairs.map(|(p, _)| p.coordinates()));
                let [x2, y2] = <$octet>::load_points(pairs.map(|(_, q)| q.coordinates()));
                let this = inverse.multiply(before);
                inverse = dx.multiply(&inverse);
                let slope = y2.difference::<16>(&y1).multiply(&this);
                let x = slope.square().minus_both(&x1, &x2);
                let y = x1.difference::<17>(&x).multiply(&slope).difference::<16>(&y1);
                for (i, [x, y]) in <$octet>::store_points(x, y).into_iter().enumerate() {
                    put(start(octet) + i, Affine { x, y });
                }
            }
            true
        }
    };
}

add_many_in_octets!(add_many_g1, run_g1, Fq, G1Affine, Octet<FqParams>, g1);
add_many_in_octets!(add_many_g2, run_g2, Fq2, G2Affine, Octet2, g2);
