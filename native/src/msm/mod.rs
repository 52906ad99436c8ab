//! Multi-scalar multiplication: sums of scalar times point, for full-width scalars (`full`) and for witnesses, in
//! which nearly every scalar is zero, plus or minus one, or a small integer (`witness`).
//!
//! Bucket method (Pippenger) with signed digits; buckets are filled by batches of affine additions and folded by row
//! and column sums, so that nearly all additions cost six multiplications. Full-width scalars are first halved by the
//! curve's endomorphism. All functions run on the calling thread's rayon pool.

mod buckets;
mod full;
mod short;
#[cfg(test)]
mod tests;
mod witness;

pub use full::full_msm;
pub use short::short_msm;
pub use witness::{witness_msm, ClassifiedWitness};
