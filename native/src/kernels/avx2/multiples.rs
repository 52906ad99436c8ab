//! Many points of G1 times one scalar, four points at a time in vector registers (`field::lanes`): Jacobian coordinates, so that a step
//! needs no inversion and its values stay in the nearest cache. The odd multiples of a point share one Z, and so are affine
//! points of an isomorphic curve, where the formulas are the same because a = 0 (secp256k1's "effective affine" technique).
//! Formulas of the Explicit-Formulas Database: dbl-2009-alnr without halving, madd-2004-hmv.
//!
//! The trap: a sum of two equal or opposite points comes out as Z = 0, as does the point at infinity, and stays so. Such points
//! are done again by formulas that know all cases; with a secret scalar there are none but those at infinity.
//!
//! Bounds, in multiples of the modulus: settled values are below 1.03, products of two such below 1.3, every Z below 1.7.

use super::portable::multiply_points;
use crate::curve::{Affine, CurveField, Digits, G1Affine, DIGITS, ODD};
use crate::field::lanes::Lanes;
use crate::field::{batch_inverse, Field, Fq, FqParams};
use std::sync::OnceLock;
use std::time::Instant;

type Element = Lanes<FqParams>;

#[derive(Clone, Copy)]
struct Jacobian {
    x: Element,
    y: Element,
    z: Element,
}

/// An odd multiple on the isomorphic curve: its abscissa and its image's, its ordinate and the opposite.
struct Multiple {
    x: [Element; 2],
    y: [Element; 2],
}

/// out[i] = the scalar of `digits` times points[i]; false, with nothing done, where that cannot be or does not pay.
pub fn multiply_g1(points: &[G1Affine], digits: &Digits, out: &mut [G1Affine]) -> bool {
    are_faster() && multiply(points, digits, out)
}

/// Whether this processor's vectors beat its scalar multiplier: by twice on some, not at all where registers of 256 bits are two
/// halves. Both are timed once, in a few milliseconds; the products are the same.
fn are_faster() -> bool {
    static FASTER: OnceLock<bool> = OnceLock::new();
    *FASTER.get_or_init(|| {
        const POINTS: usize = 128;
        const ROUNDS: usize = 3;
        let points = [G1Affine { x: Fq::GENERATOR.x, y: Fq::GENERATOR.y }; POINTS];
        let mut digits = [[0i8; DIGITS]; 2];
        // A third of the steps of a scalar.
        (0..DIGITS / 3).for_each(|place| digits[place % 2][place] = if place % 3 == 0 { 3 } else { 0 });
        let mut out = [G1Affine::INFINITY; POINTS];
        let mut time = |work: &mut dyn FnMut(&mut [G1Affine])| {
            let once = |_| {
                let start = Instant::now();
                work(&mut out);
                start.elapsed()
            };
            (0..ROUNDS).map(once).min()
        };
        let together = time(&mut |out| multiply_points(&points, &digits, out));
        let lanes = time(&mut |out| {
            multiply(&points, &digits, out);
        });
        lanes < together
    })
}

/// As `multiply_g1`, wherever AVX2 is.
fn multiply(points: &[G1Affine], digits: &Digits, out: &mut [G1Affine]) -> bool {
    if points.len() < 4 {
        return false;
    }
    let Some(top) = (0..DIGITS).rev().find(|&place| digits.iter().any(|form| form[place] != 0)) else {
        return false;
    };
    // SAFETY: AVX2 was found.
    let sums = unsafe { run(points, digits, top) };
    let mut inverses: Vec<Fq> = sums.iter().map(|[_, _, z]| *z).collect();
    batch_inverse(&mut inverses);
    for (i, ([x, y, _], inverse)) in sums.iter().zip(&inverses).enumerate() {
        if inverse.is_zero() {
            multiply_points(&points[i..=i], digits, &mut out[i..=i]);
            continue;
        }
        let square = inverse.square();
        out[i] = Affine { x: x.mul(&square), y: y.mul(&square).mul(inverse) };
    }
    true
}

/// X, Y and Z of each product.
#[target_feature(enable = "avx2")]
fn run(points: &[G1Affine], digits: &Digits, top: usize) -> Vec<[Fq; 3]> {
    let mut out = vec![[Fq::ZERO; 3]; points.len()];
    for quad in 0..points.len().div_ceil(4) {
        // The last four may overlap the four before: their products are then made twice.
        let start = (4 * quad).min(points.len() - 4);
        let four: [&G1Affine; 4] = std::array::from_fn(|i| &points[start + i]);
        let (multiples, scale) = odd_multiples(four);
        let sum = multiply_quad(&multiples, digits, top);
        let z = sum.z.multiply(&scale).reduce().store();
        let (x, y) = (sum.x.reduce().store(), sum.y.reduce().store());
        for i in 0..4 {
            out[start + i] = [x[i], y[i], z[i]];
        }
    }
    out
}

#[inline]
#[target_feature(enable = "avx2")]
fn multiply_quad(multiples: &[Multiple; ODD], digits: &Digits, top: usize) -> Jacobian {
    let mut sum: Option<Jacobian> = None;
    for place in (0..=top).rev() {
        if let Some(before) = &sum {
            sum = Some(double(before));
        }
        for (half, form) in digits.iter().enumerate() {
            let digit = form[place];
            if digit == 0 {
                continue;
            }
            let multiple = &multiples[usize::from(digit.unsigned_abs()) / 2];
            let (x, y) = (&multiple.x[half], &multiple.y[usize::from(digit < 0)]);
            sum = Some(match &sum {
                None => Jacobian { x: *x, y: *y, z: Element::broadcast(&Fq::ONE) },
                Some(sum) => add(sum, x, y).0,
            });
        }
    }
    sum.expect("the digit at the top is not zero")
}

/// P, 3P, … 15P as affine points where the curve is scaled; and by how much: what to multiply Z by on the way back.
#[inline]
#[target_feature(enable = "avx2")]
fn odd_multiples(points: [&G1Affine; 4]) -> ([Multiple; ODD], Element) {
    let one = Element::broadcast(&Fq::ONE);
    let first = Jacobian { x: Element::load(points.map(|p| &p.x)), y: Element::load(points.map(|p| &p.y)), z: one };
    // Scaled by twice's Z, twice is affine.
    let twice = double(&first);
    let square = twice.z.square();
    let cube = twice.z.multiply(&square);
    let first = Jacobian { x: first.x.multiply(&square), y: first.y.multiply(&cube), z: one };
    let mut sums = [first; ODD];
    let mut steps = [one; ODD];
    for k in 1..ODD {
        (sums[k], steps[k]) = add(&sums[k - 1], &twice.x, &twice.y);
    }
    // Scaled by the last one's Z, all are: each is brought there by the steps that are left.
    let zero = Element::broadcast(&Fq::ZERO);
    let beta = Element::broadcast(&Fq::ONE.times_beta());
    let mut left = one;
    let mut multiples = [const { None }; ODD];
    for k in (0..ODD).rev() {
        let square = left.square();
        let x = sums[k].x.multiply(&square);
        let y = sums[k].y.multiply(&square).multiply(&left);
        multiples[k] = Some(Multiple { x: [x, x.multiply(&beta)], y: [y, zero.difference(&y).settle()] });
        left = left.multiply(&steps[k]);
    }
    (multiples.map(|multiple| multiple.expect("all were made")), sums[ODD - 1].z.multiply(&twice.z))
}

/// 2 P.
#[inline]
#[target_feature(enable = "avx2")]
fn double(p: &Jacobian) -> Jacobian {
    let xx = p.x.square();
    let slope = xx.sum(&xx).sum(&xx);
    let mut carried = slope;
    carried.carry();
    let yy = p.y.square();
    let t = p.x.multiply(&yy);
    let x = slope.multiply(&carried).less_eight(&t).settle();
    let two = t.sum(&t);
    let mut chord = two.sum(&two).difference(&x);
    chord.carry();
    let y = slope.multiply(&chord).less_eight(&yy.square()).settle();
    Jacobian { x, y, z: p.y.sum(&p.y).multiply(&p.z) }
}

/// P plus the affine point (x, y); and the factor that P's Z was multiplied by.
#[inline]
#[target_feature(enable = "avx2")]
fn add(p: &Jacobian, x: &Element, y: &Element) -> (Jacobian, Element) {
    let zz = p.z.square();
    let h = x.multiply(&zz).difference(&p.x).settle();
    let r = y.multiply(&p.z.multiply(&zz)).difference(&p.y).settle();
    let hh = h.square();
    let hhh = h.multiply(&hh);
    let v = p.x.multiply(&hh);
    let x = r.square().difference(&hhh).difference(&v).difference(&v).settle();
    let y = v.difference(&x).multiply(&r).difference(&p.y.multiply(&hhh)).settle();
    (Jacobian { x, y, z: p.z.multiply(&h) }, h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::scale::tests::forms;
    use crate::testing::random_g1;

    #[test]
    fn vectors_give_what_batches_give() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        let mut points = random_g1(41, 4);
        points[7] = G1Affine::INFINITY;
        points[8] = points[9];
        for digits in forms() {
            for count in [3, 4, 7, points.len()] {
                let (mut lanes, mut batch) = (vec![G1Affine::INFINITY; count], vec![G1Affine::INFINITY; count]);
                let done = multiply(&points[..count], &digits, &mut lanes);
                multiply_points(&points[..count], &digits, &mut batch);
                assert_eq!(done, count >= 4 && digits.as_flattened().iter().any(|&digit| digit != 0));
                assert!(!done || lanes == batch);
            }
        }
    }
}
