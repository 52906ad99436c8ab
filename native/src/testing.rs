//! What the crate's tests share: a small reproducible generator and conversions to arkworks, the oracle.

use crate::curve::{Affine, G1Affine, G2Affine};
use crate::field::{FpParams, Fq, Fq2, Fr, FrParams};
use crate::kernels::{available, Kernels};
use ark_ff::{BigInt, PrimeField};
use std::sync::{Mutex, PoisonError};

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

/// Which of `kernels::available` the test under way takes.
static FORCED: Mutex<Option<&'static dyn Kernels>> = Mutex::new(None);

pub fn forced_kernels() -> Option<&'static dyn Kernels> {
    *FORCED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test with each of this machine's kernels. Tests that run meanwhile take them too, which must not matter to
/// them.
pub fn with_every_kernel(test: impl Fn()) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for kernels in available() {
        *FORCED.lock().unwrap_or_else(PoisonError::into_inner) = Some(kernels);
        test();
    }
    *FORCED.lock().unwrap_or_else(PoisonError::into_inner) = None;
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

/// A satisfied constraint system in the `.r1cs` format: rows of (A, B, C), each a list of (wire, coefficient).
pub type Rows = Vec<[Vec<(u32, Fr)>; 3]>;

pub fn r1cs_bytes(wires: u32, public_inputs: u32, rows: &Rows) -> Vec<u8> {
    let limbs = |out: &mut Vec<u8>, limbs: [u64; 4]| out.extend(limbs.iter().flat_map(|limb| limb.to_le_bytes()));
    let mut header = 32u32.to_le_bytes().to_vec();
    limbs(&mut header, FrParams::MODULUS);
    for count in [wires, 0, public_inputs, 0] {
        header.extend(count.to_le_bytes());
    }
    header.extend((wires as u64).to_le_bytes());
    header.extend((rows.len() as u32).to_le_bytes());
    let mut constraints = Vec::new();
    for combination in rows.iter().flatten() {
        constraints.extend((combination.len() as u32).to_le_bytes());
        for (wire, coefficient) in combination {
            constraints.extend(wire.to_le_bytes());
            limbs(&mut constraints, coefficient.to_canonical());
        }
    }
    let mut out = b"r1cs\x01\0\0\0\x02\0\0\0".to_vec();
    for (kind, body) in [(1u32, header), (2, constraints)] {
        out.extend(kind.to_le_bytes());
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
    }
    out
}

/// A chain of `length` products over bits, small integers, their negatives and full-width values, with two public
/// wires; and a witness that satisfies it.
pub fn sample_circuit(length: usize, seed: u64) -> (Vec<u8>, Vec<Fr>) {
    use crate::field::Field;
    let mut rng = Rng::new(seed);
    let mut witness = vec![Fr::ONE, Fr::from_u64(rng.next()), Fr::from_canonical(rng.scalar())];
    let mut rows: Rows = Vec::new();
    for k in 0..length {
        let wire = witness.len() as u32;
        let bit = Fr::from_u64(rng.next() & 1);
        witness.push(bit);
        // bit (bit - 1) = 0
        rows.push([vec![(wire, Fr::ONE)], vec![(wire, Fr::ONE), (0, Fr::ONE.neg())], vec![]]);
        let scale = match k % 3 {
            0 => Fr::from_u64(rng.next() >> 50),
            1 => Fr::from_u64(rng.next() >> 50).neg(),
            _ => Fr::from_canonical(rng.scalar()),
        };
        // (scale + witness[1 + k % 2]) bit = next
        let other = 1 + (k % 2) as u32;
        let next = scale.add(&witness[other as usize]).mul(&bit);
        rows.push([vec![(0, scale), (other, Fr::ONE)], vec![(wire, Fr::ONE)], vec![(wire + 1, Fr::ONE)]]);
        witness.push(next);
        // 0 * 0 = bit - bit
        rows.push([vec![], vec![], vec![(wire, scale), (wire, scale.neg())]]);
    }
    (r1cs_bytes(witness.len() as u32, 2, &rows), witness)
}

pub fn witness_bytes(witness: &[Fr]) -> Vec<u8> {
    witness.iter().flat_map(|value| value.to_canonical()).flat_map(u64::to_le_bytes).collect()
}

/// A development key for a circuit, as the bytes of its file.
pub fn development_key(r1cs: &[u8]) -> Vec<u8> {
    let view = crate::formats::r1cs::parse("circuit", r1cs).unwrap();
    let mut out = std::io::Cursor::new(Vec::new());
    crate::setup::setup_development(
        &mut crate::setup::FileRows::new(&view),
        &mut out,
        &crate::control::Control::none(),
    )
    .unwrap();
    out.into_inner()
}

/// A prepared `.ptau` from a seed.
pub fn powers_of_tau(power: u32, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut draw = || Fr::from_canonical(rng.scalar());
    crate::setup::development_powers(power, draw(), draw(), draw())
}
