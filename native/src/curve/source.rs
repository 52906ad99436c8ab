//! Where a multi-scalar multiplication finds its bases: a key's bytes as they lie, or points in memory.

use super::{Affine, CurveField};
use std::marker::PhantomData;

/// Indexed points. `get` must be cheap: kernels call it once per use.
pub trait PointSource<F: CurveField>: Sync {
    fn len(&self) -> usize;
    fn get(&self, index: usize) -> Affine<F>;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// x and y of a point, each as a key file stores it.
    fn coordinates(&self, index: usize) -> [&[u8]; 2];

    /// Asks the cache for a point that `get` will want soon.
    #[inline(always)]
    fn prefetch(&self, _index: usize) {}
}

impl<F: CurveField> PointSource<F> for [Affine<F>] {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        self[index]
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        self[index].coordinates()
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        if let Some(point) = self.get(index) {
            prefetch((point as *const Affine<F>).cast());
        }
    }
}

/// Points in a key file's layout, at any alignment.
#[derive(Clone, Copy)]
pub struct PointBytes<'a, F> {
    bytes: &'a [u8],
    field: PhantomData<F>,
}

impl<'a, F: CurveField> PointBytes<'a, F> {
    /// `bytes` holds whole points.
    pub fn new(bytes: &'a [u8]) -> Self {
        debug_assert_eq!(bytes.len() % Affine::<F>::BYTES, 0);
        Self { bytes, field: PhantomData }
    }
}

impl<F: CurveField> PointSource<F> for PointBytes<'_, F> {
    fn len(&self) -> usize {
        self.bytes.len() / Affine::<F>::BYTES
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        Affine::read(&self.bytes[index * Affine::<F>::BYTES..(index + 1) * Affine::<F>::BYTES])
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        let point = &self.bytes[index * Affine::<F>::BYTES..(index + 1) * Affine::<F>::BYTES];
        let (x, y) = point.split_at(F::BYTES);
        [x, y]
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        if let Some(bytes) = self.bytes.get(index * Affine::<F>::BYTES..) {
            prefetch(bytes.as_ptr());
        }
    }
}

/// Two lines hold a point of G1, wherever it lies; of a point of G2 the rest follows by itself.
#[inline(always)]
pub fn prefetch(start: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        // SAFETY: a prefetch is a hint; it faults on no address.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start.cast());
            _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(63).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = start;
}
