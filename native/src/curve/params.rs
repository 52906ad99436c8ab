//! What distinguishes G1 from G2: generator and endomorphism constant. `tests` checks both against arkworks.

use super::{Affine, Digits, Pair};
use crate::field::{Field, Fq, Fq2};
use crate::kernels::{portable, Kernels, Products};

/// A coordinate field with the curve over it.
pub trait CurveField: Field {
    /// A generator of the subgroup of order r: (1, 2) on G1, the one of EIP-197 on G2.
    const GENERATOR: Affine<Self>;

    /// Times the cube root of unity beta, so that (beta x, y) is lambda times (x, y).
    fn times_beta(&self) -> Self;

    /// The kernels' sum of each pair, to its place in `out`.
    fn add_pairs(
        kernels: &dyn Kernels,
        pairs: &[Pair<'_, Self>],
        out: &mut [Affine<Self>],
        products: &mut Products<Self>,
    );

    /// The kernels' out[i] = the scalar of `digits` times points[i].
    fn multiply_points(kernels: &dyn Kernels, points: &[Affine<Self>], digits: &Digits, out: &mut [Affine<Self>]);
}

const fn fq(limbs: [u64; 4]) -> Fq {
    Fq::from_montgomery(limbs)
}

const G1_Y: Fq = fq([0xa6ba871b8b1e1b3a, 0x14f1d651eb8e167b, 0xccdd46def0f28c58, 0x1c14ef83340fbe5e]);
const G1_BETA: Fq = fq([0x71930c11d782e155, 0xa6bb947cffbe3323, 0xaa303344d4741444, 0x2c3b3f0d26594943]);
const G2_BETA: Fq = fq([0x3350c88e13e80b9c, 0x7dce557cdb5e56b9, 0x6001b4b8b615564a, 0x2682e617020217e0]);
const G2_X0: Fq = fq([0x8e83b5d102bc2026, 0xdceb1935497b0172, 0xfbb8264797811adf, 0x19573841af96503b]);
const G2_X1: Fq = fq([0xafb4737da84c6140, 0x6043dd5a5802d8c4, 0x09e950fc52a02f86, 0x14fef0833aea7b6b]);
const G2_Y0: Fq = fq([0x619dfa9d886be9f6, 0xfe7fd297f59e9b78, 0xff9e1a62231b7dfe, 0x28fd7eebae9e4206]);
const G2_Y1: Fq = fq([0x64095b56c71856ee, 0xdc57f922327d3cbb, 0x55f935be33351076, 0x0da4a0e693fd6482]);

impl CurveField for Fq {
    const GENERATOR: Affine<Fq> = Affine { x: Fq::ONE, y: G1_Y };

    #[inline(always)]
    fn times_beta(&self) -> Self {
        self.mul(&G1_BETA)
    }

    fn add_pairs(
        kernels: &dyn Kernels,
        pairs: &[Pair<'_, Self>],
        out: &mut [Affine<Self>],
        products: &mut Products<Self>,
    ) {
        kernels.add_pairs_g1(pairs, out, products);
    }

    fn multiply_points(kernels: &dyn Kernels, points: &[Affine<Self>], digits: &Digits, out: &mut [Affine<Self>]) {
        kernels.multiply_points_g1(points, digits, out);
    }
}

impl CurveField for Fq2 {
    const GENERATOR: Affine<Fq2> = Affine { x: Fq2 { c0: G2_X0, c1: G2_X1 }, y: Fq2 { c0: G2_Y0, c1: G2_Y1 } };

    #[inline(always)]
    fn times_beta(&self) -> Self {
        Fq2 { c0: self.c0.mul(&G2_BETA), c1: self.c1.mul(&G2_BETA) }
    }

    fn add_pairs(
        kernels: &dyn Kernels,
        pairs: &[Pair<'_, Self>],
        out: &mut [Affine<Self>],
        products: &mut Products<Self>,
    ) {
        kernels.add_pairs_g2(pairs, out, products);
    }

    fn multiply_points(_: &dyn Kernels, points: &[Affine<Self>], digits: &Digits, out: &mut [Affine<Self>]) {
        portable::multiply_points(points, digits, out);
    }
}
