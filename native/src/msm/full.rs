//! Full-width scalars: the endomorphism makes two half-width scalars of each.

use super::buckets::bucket_msm;
use crate::curve::batch::ScratchPool;
use crate::curve::{split_scalar, CurveField, PointSource, Xyzz};
use rayon::prelude::*;

/// Magnitudes that `split_scalar` makes.
const HALF_BITS: u32 = 127;

/// The sum of scalars[i] times point i; canonical scalars.
pub fn full_msm<F: CurveField, S: PointSource<F> + ?Sized>(points: &S, scalars: &[[u64; 4]]) -> Xyzz<F> {
    assert_eq!(points.len(), scalars.len());
    let halves: Vec<_> = scalars.par_iter().with_min_len(1024).map(|scalar| split_scalar(scalar).into()).collect();
    bucket_msm::<F, S, 2>(points, &halves, HALF_BITS, &ScratchPool::default())
}
