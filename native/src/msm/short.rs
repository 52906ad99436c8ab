//! Weights of a few bits, by the group law alone: no endomorphism, which outside the group of order r is not a multiplication. So
//! points anywhere on the curve are welcome.

use super::buckets::bucket_msm;
use crate::curve::batch::ScratchPool;
use crate::curve::{CurveField, HalfScalar, PointSource, Xyzz};

/// The sum of weights[i] times point i; weights are below 2^`bits`, `bits` at most 16.
pub fn short_msm<F: CurveField, S: PointSource<F> + ?Sized>(points: &S, weights: &[u16], bits: u32) -> Xyzz<F> {
    assert_eq!(points.len(), weights.len());
    let scalars: Vec<HalfScalar> = weights.iter().map(|&weight| HalfScalar::new(u128::from(weight), false)).collect();
    bucket_msm(points, &scalars, bits, &ScratchPool::default())
}
