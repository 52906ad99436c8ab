//! Many multiples of one point: a table of all signed digits' multiples, one batched affine addition for each window of
//! each scalar.

use crate::curve::batch::{add_many, Products};
use crate::curve::{Affine, CurveField};
use rayon::prelude::*;

/// Scalars that share an inversion.
const BATCH: usize = 1 << 10;
/// Wider tables fall out of the cache.
const MAX_WIDTH: u32 = 16;
const SCALAR_BITS: u32 = 254;

/// Multiples of a generator.
pub struct FixedBase<F> {
    width: u32,
    /// rows[w][d - 1] = d 2^(w width) G for d = 1 to 2^(width - 1)
    rows: Vec<Vec<Affine<F>>>,
}

impl<F: CurveField> FixedBase<F> {
    /// A table of the width that suits `count` multiplications.
    pub fn new(generator: Affine<F>, count: usize) -> Self {
        let cost = |width: u32| windows(width) * (count + (1usize << (width - 1)));
        let width = (2..=MAX_WIDTH).min_by_key(|&width| cost(width)).unwrap_or(MAX_WIDTH);
        let mut bases = vec![generator];
        for _ in 1..windows(width) {
            let mut next = crate::curve::Xyzz::from(bases[bases.len() - 1]);
            for _ in 0..width {
                next = next.double();
            }
            bases.push(next.to_affine());
        }
        let rows = bases.into_par_iter().map(|base| multiples(base, 1 << (width - 1))).collect();
        Self { width, rows }
    }

    /// Writes scalar_i G for canonical scalars, in a key file's layout.
    pub fn multiply_into(&self, scalars: &[[u64; 4]], out: &mut [u8]) {
        let bytes = Affine::<F>::BYTES;
        assert_eq!(out.len(), scalars.len() * bytes);
        out.par_chunks_mut(BATCH * bytes).zip(scalars.par_chunks(BATCH)).for_each(|(out, scalars)| {
            let points = self.multiply_batch(scalars);
            for (slot, point) in out.chunks_exact_mut(bytes).zip(&points) {
                point.write(slot);
            }
        });
    }

    pub fn multiply(&self, scalar: &[u64; 4]) -> Affine<F> {
        self.multiply_batch(&[*scalar])[0]
    }

    fn multiply_batch(&self, scalars: &[[u64; 4]]) -> Vec<Affine<F>> {
        // Zero scalars are common (wires that a matrix does not mention) and must not take part in additions.
        let present: Vec<usize> = (0..scalars.len()).filter(|&i| scalars[i] != [0; 4]).collect();
        let mut carries = vec![0u64; present.len()];
        let mut sums = vec![Affine::INFINITY; present.len()];
        let mut addends = sums.clone();
        let mut products = Products::default();
        for (window, row) in self.rows.iter().enumerate() {
            for ((addend, carry), &i) in addends.iter_mut().zip(&mut carries).zip(&present) {
                let digit = bits(&scalars[i], window as u32 * self.width, self.width) + *carry;
                let negative = digit > row.len() as u64;
                *carry = negative as u64;
                let magnitude = if negative { (1 << self.width) - digit } else { digit } as usize;
                *addend = match magnitude {
                    0 => Affine::INFINITY,
                    _ => row[magnitude - 1].negate_if(negative),
                };
            }
            let current = std::mem::take(&mut sums);
            let mut next = vec![Affine::INFINITY; present.len()];
            add_many(present.len(), |i| (&current[i], &addends[i]), |i, sum| next[i] = sum, &mut products);
            sums = next;
        }
        let mut out = vec![Affine::INFINITY; scalars.len()];
        for (i, sum) in present.into_iter().zip(sums) {
            out[i] = sum;
        }
        out
    }
}

/// One bit more than the scalar, for the sign of the last digit.
fn windows(width: u32) -> usize {
    (SCALAR_BITS + 1).div_ceil(width) as usize
}

fn bits(scalar: &[u64; 4], start: u32, width: u32) -> u64 {
    let (limb, shift) = ((start / 64) as usize, start % 64);
    let low = scalar.get(limb).map_or(0, |x| x >> shift);
    let high = if shift == 0 { 0 } else { scalar.get(limb + 1).map_or(0, |x| x << (64 - shift)) };
    (low | high) & ((1 << width) - 1)
}

/// base, 2 base, …, count base; count is a power of two.
fn multiples<F: CurveField>(base: Affine<F>, count: usize) -> Vec<Affine<F>> {
    let mut points = Vec::with_capacity(count);
    points.push(base);
    let mut products = Products::default();
    while points.len() < count {
        // Everything so far plus the largest so far.
        let have = points.len();
        let step = points[have - 1];
        let mut next = vec![Affine::INFINITY; have];
        add_many(have, |i| (&points[i], &step), |i, sum| next[i] = sum, &mut products);
        points.extend(next);
    }
    points
}
