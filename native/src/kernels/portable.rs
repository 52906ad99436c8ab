//! The kernels that every machine has: one element at a time. What other kernels cannot do comes here too, points that are
//! equal, opposite or at infinity among it.

use super::{Kernels, Quarters};
use crate::curve::{Affine, CurveField, Digits, Pair, DIGITS, ODD};
use crate::field::{batch_inverse, Field, Fr};

pub struct Portable;

impl Kernels for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }
}

pub fn forward_quarters([a, b, c, d]: Quarters<'_>, [top, left, right]: &[Fr; 3]) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let ct = c.mul(top);
        let dt = d.mul(top);
        let b_left = b.add(&dt).mul(left);
        let b_right = b.sub(&dt).mul(right);
        let a_left = a.add(&ct);
        let a_right = a.sub(&ct);
        *a = a_left.add(&b_left);
        *b = a_left.sub(&b_left);
        *c = a_right.add(&b_right);
        *d = a_right.sub(&b_right);
    }
}

pub fn inverse_quarters([a, b, c, d]: Quarters<'_>, [top, left, right]: &[Fr; 3]) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let a_left = a.add(b);
        let b_left = b.sub(a).mul(left);
        let a_right = c.add(d);
        let b_right = d.sub(c).mul(right);
        *a = a_left.add(&a_right);
        *b = b_left.add(&b_right);
        *c = a_right.sub(&a_left).mul(top);
        *d = b_right.sub(&b_left).mul(top);
    }
}

/// Twiddles 1, 1 and i: three of the four multiplications fall away.
pub fn inverse_quarters_at_root([a, b, c, d]: Quarters<'_>, quarter_turn: &Fr) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let a_left = a.add(b);
        let b_left = a.sub(b);
        let a_right = c.add(d);
        let b_right = d.sub(c).mul(quarter_turn);
        *a = a_left.add(&a_right);
        *b = b_left.add(&b_right);
        *c = a_left.sub(&a_right);
        *d = b_left.sub(&b_right);
    }
}

pub fn forward_halves(a: &mut [Fr], b: &mut [Fr], twiddle: &Fr) {
    for (a, b) in a.iter_mut().zip(b) {
        let product = b.mul(twiddle);
        (*a, *b) = (a.add(&product), a.sub(&product));
    }
}

pub fn inverse_halves(a: &mut [Fr], b: &mut [Fr]) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (a.add(b), a.sub(b));
    }
}

pub fn multiply(a: &[Fr], b: &[Fr], c: &mut [Fr]) {
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        *c = a.mul(b);
    }
}

pub fn combine(a: &[Fr], b: &[Fr], c: &mut [Fr], of_ab: &Fr, of_c: &Fr) {
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        *c = a.mul(b).mul(of_ab).sub(&c.mul(of_c));
    }
}

/// The sum of each pair to its place in `out`: Montgomery's trick, six multiplications a sum.
pub fn add_pairs<F: CurveField>(pairs: &[Pair<'_, F>], out: &mut [Affine<F>], prefix: &mut Vec<F>) {
    prefix.clear();
    prefix.reserve(pairs.len());
    let mut product = F::ONE;
    for pair in pairs {
        prefix.push(product);
        product = product.mul(&pair_denominator(pair));
    }
    let mut inverse = product.inverse();
    for (pair, before) in pairs.iter().zip(prefix.iter()).rev() {
        let this = inverse.mul(before);
        inverse = inverse.mul(&pair_denominator(pair));
        let (p, q) = pair.points();
        out[pair.to as usize] = finish(&p, &q, &this);
    }
}

/// `denominator`, with ordinates only where they matter.
#[inline(always)]
fn pair_denominator<F: CurveField>(pair: &Pair<'_, F>) -> F {
    let [p, q] = pair.abscissas();
    let dx = q.sub(&p);
    if dx.is_zero() || p.is_zero() || q.is_zero() {
        let (p, q) = pair.points();
        return special_denominator(&p, &q);
    }
    dx
}

/// out[i] = the scalar of `digits` times points[i], whatever the points: a step of all with one inversion.
pub fn multiply_points<F: CurveField>(points: &[Affine<F>], digits: &Digits, sums: &mut [Affine<F>]) {
    let mut chains = Chains::default();
    let mut twice = points.to_vec();
    double_many(&mut twice, &mut chains);
    let mut odd: Vec<Vec<Affine<F>>> = vec![points.to_vec()];
    for k in 1..ODD {
        let mut next = odd[k - 1].clone();
        add_to_many(&mut next, |i| twice[i], &mut chains);
        odd.push(next);
    }
    let images: Vec<Vec<F>> =
        odd.iter().map(|points| points.iter().map(|point| point.x.times_beta()).collect()).collect();

    sums.fill(Affine::INFINITY);
    let mut begun = false;
    for place in (0..DIGITS).rev() {
        if begun {
            double_many(sums, &mut chains);
        }
        for (half, form) in digits.iter().enumerate() {
            let digit = form[place];
            if digit == 0 {
                continue;
            }
            let index = usize::from(digit.unsigned_abs()) / 2;
            let (multiples, images) = (&odd[index][..sums.len()], &images[index][..sums.len()]);
            let term = |i: usize| {
                let point = multiples[i].negate_if(digit < 0);
                if half == 0 {
                    point
                } else {
                    Affine { x: images[i], y: point.y }
                }
            };
            if begun {
                add_to_many(sums, term, &mut chains);
            } else {
                sums.iter_mut().enumerate().for_each(|(i, sum)| *sum = term(i));
                begun = true;
            }
        }
    }
}

/// Products that do not wait for one another: a product is long to come and quick to begin.
const CHAINS: usize = 4;

/// Running products of `double_many` and `add_to_many`, and the denominators they are of, kept to be used again.
struct Chains<F>(Vec<(F, F)>);

impl<F> Default for Chains<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Doubles every point, with one inversion for all.
fn double_many<F: CurveField>(points: &mut [Affine<F>], chains: &mut Chains<F>) {
    // Infinity is (0, 0), and no point of odd order has y = 0.
    chains.invert_and_apply(
        points,
        |_, point| if point.y.is_zero() { F::ONE } else { point.y.double() },
        |_, point, inverse| {
            if point.y.is_zero() {
                return Affine::INFINITY;
            }
            let xx = point.x.square();
            chord(point, point, &xx.double().add(&xx).mul(inverse))
        },
    );
}

/// Adds term(i) to sums[i] for all i, with one inversion for all. Calls `term` twice for each.
#[inline(always)]
fn add_to_many<F: CurveField>(sums: &mut [Affine<F>], term: impl Fn(usize) -> Affine<F>, chains: &mut Chains<F>) {
    chains.invert_and_apply(
        sums,
        |i, sum| denominator(sum, &term(i)),
        |i, sum, inverse| finish(sum, &term(i), inverse),
    );
}

impl<F: CurveField> Chains<F> {
    /// Replaces every point by `apply` of it and the inverse of its denominator, by Montgomery's trick on several chains at once.
    #[inline(always)]
    fn invert_and_apply(
        &mut self,
        points: &mut [Affine<F>],
        denominator: impl Fn(usize, &Affine<F>) -> F,
        apply: impl Fn(usize, &Affine<F>, &F) -> Affine<F>,
    ) {
        let Self(steps) = self;
        steps.clear();
        steps.reserve(points.len());
        let mut products = [F::ONE; CHAINS];
        for (group, points) in points.chunks(CHAINS).enumerate() {
            for (k, (product, point)) in products.iter_mut().zip(points).enumerate() {
                let value = denominator(group * CHAINS + k, point);
                steps.push((*product, value));
                *product = product.mul(&value);
            }
        }
        let mut inverses = products;
        batch_inverse(&mut inverses);
        for (group, points) in points.chunks_mut(CHAINS).enumerate().rev() {
            let first = group * CHAINS;
            let steps = &steps[first..first + points.len()];
            for (k, ((inverse, point), (before, value))) in inverses.iter_mut().zip(points).zip(steps).enumerate() {
                let this = inverse.mul(before);
                *inverse = inverse.mul(value);
                *point = apply(first + k, point, &this);
            }
        }
    }
}

#[inline(always)]
fn denominator<F: CurveField>(p: &Affine<F>, q: &Affine<F>) -> F {
    let dx = q.x.sub(&p.x);
    if dx.is_zero() || p.x.is_zero() || q.x.is_zero() {
        return special_denominator(p, q);
    }
    dx
}

#[cold]
#[inline(never)]
fn special_denominator<F: CurveField>(p: &Affine<F>, q: &Affine<F>) -> F {
    if p.is_infinity() || q.is_infinity() {
        return F::ONE;
    }
    let dx = q.x.sub(&p.x);
    if !dx.is_zero() {
        return dx;
    }
    if p.y == q.y && !p.y.is_zero() {
        return p.y.double();
    }
    F::ONE
}

#[inline(always)]
fn finish<F: CurveField>(p: &Affine<F>, q: &Affine<F>, inverse: &F) -> Affine<F> {
    if p.x == q.x || p.x.is_zero() || q.x.is_zero() {
        return special_finish(p, q, inverse);
    }
    chord(p, q, &q.y.sub(&p.y).mul(inverse))
}

#[cold]
#[inline(never)]
fn special_finish<F: CurveField>(p: &Affine<F>, q: &Affine<F>, inverse: &F) -> Affine<F> {
    if p.is_infinity() {
        return *q;
    }
    if q.is_infinity() {
        return *p;
    }
    if p.x != q.x {
        return chord(p, q, &q.y.sub(&p.y).mul(inverse));
    }
    if p.y == q.y && !p.y.is_zero() {
        let xx = p.x.square();
        return chord(p, q, &xx.double().add(&xx).mul(inverse));
    }
    Affine::INFINITY
}

#[inline(always)]
fn chord<F: CurveField>(p: &Affine<F>, q: &Affine<F>, slope: &F) -> Affine<F> {
    let x = slope.square().sub(&p.x).sub(&q.x);
    let y = slope.mul(&p.x.sub(&x)).sub(&p.y);
    Affine { x, y }
}
