//! What the crate's tests share: a small reproducible generator and conversions to arkworks, the oracle.

use crate::curve::{Affine, G1Affine, G2Affine};
use crate::field::{FpParams, Fq, Fq2, Fr, FrParams};
use ark_ff::{BigInt, PrimeField};

/// SplitMix64: enough for test inputs, never for secrets.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform below the modulus.
    pub fn below(&mut self, modulus: &[u64; 4]) -> [u64; 4] {
        loop {
            let limbs = [self.next(), self.next(), self.next(), self.next() >> 2];
            if crate::field::is_below(&limbs, modulus) {
                return limbs;
            }
        }
    }

    pub fn scalar(&mut self) -> [u64; 4] {
        self.below(&FrParams::MODULUS)
    }
}

pub fn ark_fq(x: &Fq) -> ark_bn254::Fq {
    ark_bn254::Fq::from_bigint(BigInt(x.to_canonical())).expect("reduced")
}

pub fn ark_fr(x: &Fr) -> ark_bn254::Fr {
    ark_bn254::Fr::from_bigint(BigInt(x.to_canonical())).expect("reduced")
}

pub fn ark_fq2(x: &Fq2) -> ark_bn254::Fq2 {
    ark_bn254::Fq2::new(ark_fq(&x.c0), ark_fq(&x.c1))
}

pub fn ark_g1(p: &G1Affine) -> ark_bn254::G1Affine {
    if p.is_infinity() {
        return ark_bn254::G1Affine::identity();
    }
    ark_bn254::G1Affine::new_unchecked(ark_fq(&p.x), ark_fq(&p.y))
}

pub fn ark_g2(p: &G2Affine) -> ark_bn254::G2Affine {
    if p.is_infinity() {
        return ark_bn254::G2Affine::identity();
    }
    ark_bn254::G2Affine::new_unchecked(ark_fq2(&p.x), ark_fq2(&p.y))
}

pub fn from_ark_fq(x: &ark_bn254::Fq) -> Fq {
    Fq::from_canonical(x.into_bigint().0)
}

pub fn from_ark_fq2(x: &ark_bn254::Fq2) -> Fq2 {
    Fq2 { c0: from_ark_fq(&x.c0), c1: from_ark_fq(&x.c1) }
}

pub fn from_ark_g1(p: &ark_bn254::G1Affine) -> G1Affine {
    if p.infinity {
        return Affine::INFINITY;
    }
    Affine { x: from_ark_fq(&p.x), y: from_ark_fq(&p.y) }
}

pub fn from_ark_g2(p: &ark_bn254::G2Affine) -> G2Affine {
    if p.infinity {
        return Affine::INFINITY;
    }
    Affine { x: from_ark_fq2(&p.x), y: from_ark_fq2(&p.y) }
}

pub fn random_g1(count: usize, seed: u64) -> Vec<G1Affine> {
    use ark_ec::{AffineRepr, CurveGroup};
    let mut rng = Rng::new(seed);
    let start = ark_bn254::G1Affine::generator() * ark_bn254::Fr::from(rng.next());
    let step = ark_bn254::G1Affine::generator() * ark_bn254::Fr::from(rng.next());
    let mut points = vec![start];
    while points.len() < count {
        points.push(points[points.len() - 1] + step);
    }
    ark_bn254::G1Projective::normalize_batch(&points[..count]).iter().map(from_ark_g1).collect()
}

pub fn random_g2(count: usize, seed: u64) -> Vec<G2Affine> {
    use ark_ec::{AffineRepr, CurveGroup};
    let mut rng = Rng::new(seed);
    let start = ark_bn254::G2Affine::generator() * ark_bn254::Fr::from(rng.next());
    let step = ark_bn254::G2Affine::generator() * ark_bn254::Fr::from(rng.next());
    let mut points = vec![start];
    while points.len() < count {
        points.push(points[points.len() - 1] + step);
    }
    ark_bn254::G2Projective::normalize_batch(&points[..count]).iter().map(from_ark_g2).collect()
}
