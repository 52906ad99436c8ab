use super::CurveField;

/// An affine point; (0, 0) is the point at infinity. Aligned so that a vector register's load of one touches one cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Affine<F> {
    pub x: F,
    pub y: F,
}

impl<F: CurveField> Affine<F> {
    pub const INFINITY: Self = Self { x: F::ZERO, y: F::ZERO };
    /// Bytes of a point in a key file.
    pub const BYTES: usize = 2 * F::BYTES;

    /// x and y as `read` takes them.
    #[inline(always)]
    pub fn coordinates(&self) -> [&[u8]; 2] {
        [self.x.as_bytes(), self.y.as_bytes()]
    }

    pub fn generator() -> Self {
        F::GENERATOR
    }

    #[inline(always)]
    pub fn is_infinity(&self) -> bool {
        self.x.is_zero() && self.y.is_zero()
    }

    #[inline(always)]
    pub fn neg(&self) -> Self {
        Self { x: self.x, y: self.y.neg() }
    }

    #[inline(always)]
    pub fn negate_if(&self, condition: bool) -> Self {
        Self { x: self.x, y: self.y.negate_if(condition) }
    }

    /// As a key file stores it: Montgomery, little-endian, x then y.
    #[inline(always)]
    pub fn read(bytes: &[u8]) -> Self {
        Self { x: F::read(&bytes[..F::BYTES]), y: F::read(&bytes[F::BYTES..2 * F::BYTES]) }
    }

    #[inline(always)]
    pub fn write(&self, out: &mut [u8]) {
        self.x.write(&mut out[..F::BYTES]);
        self.y.write(&mut out[F::BYTES..2 * F::BYTES]);
    }

    /// Canonical big-endian coordinates, as ceremony transcripts hash points; all zero bytes for infinity.
    pub fn write_uncompressed(&self, out: &mut [u8]) {
        self.x.write_big_endian(&mut out[..F::BYTES]);
        self.y.write_big_endian(&mut out[F::BYTES..2 * F::BYTES]);
    }
}
