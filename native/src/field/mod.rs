//! Arithmetic in the two prime fields of BN254 and in the quadratic extension over which G2 lives.
//!
//! Elements are four little-endian 64-bit limbs in Montgomery form with R = 2^256, the layout that .zkey and
//! .ptau files store, so that a key's points are used where they lie. `lanes` and `octets` do four and eight elements at
//! a time where the processor has AVX2 or AVX-512 with 52-bit multiply-add. The trap: coefficients in section 4 of a
//! .zkey carry R twice (see `prove::constraints`).

mod fp;
mod fq2;
mod inverse;
#[cfg(target_arch = "x86_64")]
pub mod lanes;
mod mul;
#[cfg(target_arch = "x86_64")]
pub mod octets;
mod params;
mod place;
#[cfg(test)]
mod tests;

pub use fp::{is_below, limbs_from_bytes, Fp, FpParams};
pub use fq2::Fq2;
pub use mul::{add, subtract};
pub use params::{FqParams, FrParams, TWO_ADICITY};
pub use place::Place;

/// Base field of BN254: coordinates of G1.
pub type Fq = Fp<FqParams>;
/// Scalar field of BN254: witness values.
pub type Fr = Fp<FrParams>;

/// What the curve formulas ask of a coordinate field.
pub trait Field: Copy + Clone + Eq + Send + Sync + std::fmt::Debug + 'static {
    const ZERO: Self;
    const ONE: Self;
    /// Bytes of one element in a key file.
    const BYTES: usize;

    fn is_zero(&self) -> bool;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn neg(&self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    /// The inverse; zero for zero.
    fn inverse(&self) -> Self;
    /// Reads an element as a key file stores it (Montgomery, little-endian), without a range check.
    fn read(bytes: &[u8]) -> Self;
    /// The element in memory, which is what `read` reads.
    #[inline(always)]
    fn as_bytes(&self) -> &[u8] {
        // SAFETY: implementors are BYTES bytes of limbs without padding, little-endian like the machine.
        unsafe { std::slice::from_raw_parts((self as *const Self).cast(), Self::BYTES) }
    }

    /// Writes what `read` reads.
    fn write(&self, out: &mut [u8]);
    /// Writes the canonical big-endian value, the extension's imaginary part first, as snarkjs hashes points.
    fn write_big_endian(&self, out: &mut [u8]);

    /// Without a branch: signs of digits are random, and a branch on them mispredicted half the time.
    fn negate_if(&self, condition: bool) -> Self;

    #[inline(always)]
    fn square(&self) -> Self {
        self.mul(self)
    }

    #[inline(always)]
    fn double(&self) -> Self {
        self.add(self)
    }
}

/// Inverts every element in place with one inversion (Montgomery's trick); zeros stay zero.
pub fn batch_inverse<F: Field>(values: &mut [F]) {
    let mut prefix = Vec::with_capacity(values.len());
    let mut product = F::ONE;
    for value in values.iter() {
        prefix.push(product);
        if !value.is_zero() {
            product = product.mul(value);
        }
    }
    let mut inverse = product.inverse();
    for (value, before) in values.iter_mut().zip(prefix).rev() {
        if !value.is_zero() {
            let next = inverse.mul(value);
            *value = inverse.mul(&before);
            inverse = next;
        }
    }
}
