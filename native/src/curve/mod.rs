//! The groups G1 and G2 of BN254, y^2 = x^3 + b, generic over the coordinate field.
//!
//! Affine points as keys store them, extended Jacobian points ("XYZZ": x = X/ZZ, y = Y/ZZZ, ZZ^3 = ZZZ^2; formulas
//! of the Explicit-Formulas Database) for single sums, and `batch` for many affine additions at once. The trap: the
//! point at infinity is (0, 0) in affine form, which is on neither curve because b is not zero.

mod affine;
pub mod batch;
mod endomorphism;
mod pair;
mod params;
pub(crate) mod scale;
mod source;
mod xyzz;

#[cfg(test)]
mod tests;

pub use affine::Affine;
pub use endomorphism::{split_scalar, HalfScalar};
pub use pair::Pair;
pub use params::CurveField;
pub use scale::{multiply_all, Digits, DIGITS, ODD};
pub use source::{prefetch, PointBytes, PointSource};
pub use xyzz::Xyzz;

use crate::field::{Fq, Fq2};

pub type G1Affine = Affine<Fq>;
pub type G2Affine = Affine<Fq2>;
pub type G1 = Xyzz<Fq>;
pub type G2 = Xyzz<Fq2>;
