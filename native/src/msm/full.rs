//! Full-width scalars: the endomorphism makes two half-width scalars of each, one for the point and one for its image.

use super::buckets::bucket_msm;
use crate::curve::batch::ScratchPool;
use crate::curve::{prefetch, split_scalar, Affine, CurveField, HalfScalar, PointSource, Xyzz};
use rayon::prelude::*;

/// Magnitudes that `split_scalar` makes.
const HALF_BITS: u32 = 127;
/// Points that one task maps.
const TASK: usize = 1024;

/// The sum of scalars[i] times point i; canonical scalars.
pub fn full_msm<F: CurveField, S: PointSource<F> + ?Sized>(points: &S, scalars: &[[u64; 4]]) -> Xyzz<F> {
    assert_eq!(points.len(), scalars.len());
    let halves: Vec<[HalfScalar; 2]> =
        scalars.par_iter().with_min_len(TASK).map(|scalar| split_scalar(scalar).into()).collect();
    bucket_msm(&WithImages::new(points), halves.as_flattened(), HALF_BITS, &ScratchPool::default())
}

/// Points and their images under the endomorphism in turn. An image is another abscissa with the same ordinate.
struct WithImages<'a, F, S: ?Sized> {
    points: &'a S,
    abscissas: Vec<F>,
}

impl<'a, F: CurveField, S: PointSource<F> + ?Sized> WithImages<'a, F, S> {
    fn new(points: &'a S) -> Self {
        let image = |i| points.get(i).x.times_beta();
        Self { points, abscissas: (0..points.len()).into_par_iter().with_min_len(TASK).map(image).collect() }
    }
}

impl<F: CurveField, S: PointSource<F> + ?Sized> PointSource<F> for WithImages<'_, F, S> {
    fn len(&self) -> usize {
        2 * self.points.len()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        let point = self.points.get(index / 2);
        match index % 2 {
            0 => point,
            _ => Affine { x: self.abscissas[index / 2], y: point.y },
        }
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        let [x, y] = self.points.coordinates(index / 2);
        // Without a branch, which would be mispredicted half the time.
        [[x, self.abscissas[index / 2].as_bytes()][index % 2], y]
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.points.prefetch(index / 2);
        prefetch((&raw const self.abscissas[index / 2]).cast());
    }
}
