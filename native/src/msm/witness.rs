//! Scalars of a witness cost what their size costs: zero nothing, plus or minus one one affine addition, an integer of
//! up to 64 bits as many windows as it has, and only the rest a full-width multiplication.

use super::buckets::{bucket_msm, parallel_sum};
use super::full::full_msm;
use crate::curve::batch::{Entry, ScratchPool};
use crate::curve::{Affine, CurveField, HalfScalar, PointSource, Xyzz};
use crate::field::{is_below, FpParams, FrParams};

/// A witness sorted by the size of its values, once for all multiplications over it.
pub struct ClassifiedWitness {
    /// (wire, is minus one)
    units: Vec<(u32, bool)>,
    small: Vec<(u32, HalfScalar)>,
    small_bits: u32,
    full: Vec<(u32, [u64; 4])>,
}

impl ClassifiedWitness {
    /// From canonical values; the index of the first that is not below r if there is one.
    pub fn new(values: &[[u64; 4]]) -> Result<Self, usize> {
        let mut classes = Self { units: Vec::new(), small: Vec::new(), small_bits: 0, full: Vec::new() };
        for (wire, value) in values.iter().enumerate() {
            let index = wire as u32;
            if value[1] | value[2] | value[3] == 0 {
                classes.push_small(index, value[0], false);
                continue;
            }
            if !is_below(value, &FrParams::MODULUS) {
                return Err(wire);
            }
            let negated = negate(value);
            if negated[1] | negated[2] | negated[3] == 0 {
                classes.push_small(index, negated[0], true);
            } else {
                classes.full.push((index, *value));
            }
        }
        Ok(classes)
    }

    fn push_small(&mut self, wire: u32, magnitude: u64, negative: bool) {
        match magnitude {
            0 => {}
            1 => self.units.push((wire, negative)),
            _ => {
                self.small_bits = self.small_bits.max(64 - magnitude.leading_zeros());
                self.small.push((wire, HalfScalar::new(magnitude as u128, negative)));
            }
        }
    }
}

/// r - value
fn negate(value: &[u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = false;
    for i in 0..4 {
        (out[i], borrow) = FrParams::MODULUS[i].borrowing_sub(value[i], borrow);
    }
    out
}

/// The sum of value times point over the wires from `first` on, with point i belonging to wire first + i.
pub fn witness_msm<F: CurveField, S: PointSource<F> + ?Sized>(
    points: &S,
    witness: &ClassifiedWitness,
    first: u32,
) -> Xyzz<F> {
    let pool = ScratchPool::default();
    // Half of a key's bases are the point at infinity: wires that a matrix does not mention.
    let present = |wire: u32| wire >= first && !points.get((wire - first) as usize).is_infinity();

    let units = || {
        let entries: Vec<Entry> = witness
            .units
            .iter()
            .filter(|(wire, _)| present(*wire))
            .map(|&(wire, negative)| Entry::new((wire - first) as usize, negative))
            .collect();
        parallel_sum(points, &entries, &pool)
    };
    let small = || {
        let (indices, scalars): (Vec<u32>, Vec<HalfScalar>) =
            witness.small.iter().filter(|(wire, _)| present(*wire)).map(|&(wire, s)| (wire - first, s)).unzip();
        bucket_msm(&Subset { points, indices: &indices }, &scalars, witness.small_bits, &pool)
    };
    let full = || {
        let (indices, scalars): (Vec<u32>, Vec<[u64; 4]>) =
            witness.full.iter().filter(|(wire, _)| present(*wire)).map(|&(wire, s)| (wire - first, s)).unzip();
        full_msm(&Subset { points, indices: &indices }, &scalars)
    };
    let (full, (small, units)) = rayon::join(full, || rayon::join(small, units));
    full.add(&small).add(&units)
}

/// Some points of a source.
struct Subset<'a, S: ?Sized> {
    points: &'a S,
    indices: &'a [u32],
}

impl<F: CurveField, S: PointSource<F> + ?Sized> PointSource<F> for Subset<'_, S> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        self.points.get(self.indices[index] as usize)
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        self.points.coordinates(self.indices[index] as usize)
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.points.prefetch(self.indices[index] as usize);
    }
}
