//! Full-width scalars: the endomorphism makes two half-width scalars of each.

use super::buckets::bucket_msm;
use crate::curve::batch::ScratchPool;
use crate::curve::{split_scalar, CurveField, PointSource, WithEndomorphism, Xyzz};
use rayon::prelude::*;

/// Magnitudes that `split_scalar` makes.
const HALF_BITS: u32 = 127;

/// The abscissas of the points' images under the endomorphism; worth keeping for bases that are used again.
pub fn endomorphism_images<F: CurveField, S: PointSource<F> + ?Sized>(points: &S) -> Vec<F> {
    (0..points.len()).into_par_iter().with_min_len(1024).map(|i| points.get(i).x.times_beta()).collect()
}

/// The sum of scalars[i] times point i; canonical scalars.
pub fn full_msm<F: CurveField, S: PointSource<F> + ?Sized>(points: &S, scalars: &[[u64; 4]]) -> Xyzz<F> {
    full_msm_with_images(points, &endomorphism_images(points), scalars)
}

pub fn full_msm_with_images<F: CurveField, S: PointSource<F> + ?Sized>(
    points: &S,
    images: &[F],
    scalars: &[[u64; 4]],
) -> Xyzz<F> {
    assert_eq!(points.len(), scalars.len());
    let halves: Vec<_> = scalars
        .par_iter()
        .with_min_len(1024)
        .flat_map_iter(|scalar| {
            let (low, high) = split_scalar(scalar);
            [low, high]
        })
        .collect();
    bucket_msm(&WithEndomorphism::new(points, images), &halves, HALF_BITS, &ScratchPool::default())
}
