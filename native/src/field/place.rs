//! Elements where they lie: in memory, or in a key file's bytes at any alignment, which are the same bytes.

use super::Field;
use std::marker::PhantomData;

/// Where an element of F lies as a key file stores it.
#[derive(Clone, Copy)]
pub struct Place<'a, F>(*const u8, PhantomData<(&'a [u8], F)>);

impl<'a, F: Field> Place<'a, F> {
    /// `bytes` holds exactly one element.
    #[inline(always)]
    pub fn new(bytes: &'a [u8]) -> Self {
        assert_eq!(bytes.len(), F::BYTES);
        Self(bytes.as_ptr(), PhantomData)
    }

    /// The element, without a range check.
    #[inline(always)]
    pub fn read(self) -> F {
        // SAFETY: `new` was given that many bytes, and they are borrowed.
        F::read(unsafe { std::slice::from_raw_parts(self.0, F::BYTES) })
    }

    /// Its first byte; there are F::BYTES of them.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn start(self) -> *const u8 {
        self.0
    }
}
