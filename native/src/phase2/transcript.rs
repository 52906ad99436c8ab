//! The record of contributions that a `.zkey` carries (section 10), and what contributors derive from a transcript, both as
//! snarkjs has them (snarkjs `src/zkey_utils.js`, `src/keypair.js`, `src/misc.js`): interchangeable contribution by
//! contribution.
//!
//! The traps: random field elements are read as Montgomery limbs; a random point's sign follows from a bit drawn before the
//! square root is known to exist; and points of G2 are multiplied by the cofactor.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, Field as _, PrimeField};
use blake2::{Blake2b512, Digest};
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::control::{Cancelled, Control};
use crate::curve::{self, Affine};
use crate::formats::points;
use crate::formats::sections::{Reader, Sections};
use crate::formats::{FormatError, FormatErrorKind as Kind, G1_BYTES, G2_BYTES};

/// A Blake2b-512 digest.
pub type Hash = [u8; 64];

/// How a contribution's secret came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From a contributor's randomness.
    Secret,
    /// From a public value, hashed 2^iterations_exp times, that nobody could foresee.
    Beacon { value: Vec<u8>, iterations_exp: u8 },
}

/// One contribution: delta was multiplied by a secret, and whoever did it knew the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    pub delta_after: G1Affine,
    pub g1_s: G1Affine,
    pub g1_sx: G1Affine,
    pub g2_spx: G2Affine,
    /// Hash of all that came before, and of g1_s and g1_sx.
    pub transcript: Hash,
    pub source: Source,
    pub name: Option<String>,
}

/// Section 10: what the key was made from, and who contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// snarkjs's csHash: the circuit and the powers of tau.
    pub circuit_hash: Hash,
    pub contributions: Vec<Contribution>,
}

const CONTRIBUTION: u32 = 0;
const BEACON: u32 = 1;

/// A name's bytes at most: their number stands in one byte.
const LONGEST_NAME: usize = 255;
/// Contributions at most; each has hundreds of bytes, so a larger number is a lie or a joke.
const MOST_CONTRIBUTIONS: u32 = 1 << 16;

impl Transcript {
    /// Reads section 10 of a key.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, FormatError> {
        let sections = Sections::split(file, bytes, b"zkey", 1)?;
        let mut reader = sections.reader(10, "contributions")?;
        let circuit_hash = *reader.array()?;
        let count = reader.u32()?;
        if count > MOST_CONTRIBUTIONS {
            return Err(reader.place.error(Kind::OutOfRange, format!("{count} contributions")));
        }
        let contributions = (0..count).map(|_| Contribution::read(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { circuit_hash, contributions })
    }

    /// Somebody contributed a secret; a beacon's is public.
    pub fn has_secret(&self) -> bool {
        self.contributions.iter().any(|contribution| contribution.source == Source::Secret)
    }

    /// The section's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.circuit_hash.to_vec();
        out.extend((self.contributions.len() as u32).to_le_bytes());
        for contribution in &self.contributions {
            contribution.write(&mut out);
        }
        out
    }

    /// The hash that the next contribution goes on from.
    pub fn hasher(&self) -> Blake2b512 {
        let mut hasher = Blake2b512::new();
        hasher.update(self.circuit_hash);
        for contribution in &self.contributions {
            contribution.hash_into(&mut hasher);
        }
        hasher
    }
}

impl Contribution {
    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, FormatError> {
        let delta_after = read_g1(reader)?;
        let g1_s = read_g1(reader)?;
        let g1_sx = read_g1(reader)?;
        let g2_spx = read_g2(reader)?;
        let transcript = *reader.array()?;
        let kind = reader.u32()?;
        let length = reader.u32()? as usize;
        let mut parameters = Reader::new(reader.place, reader.take(length)?);
        let (mut name, mut iterations_exp, mut value) = (None, None, None);
        let mut last = 0;
        while parameters.left() > 0 {
            let tag = parameters.take(1)?[0];
            if tag <= last {
                return Err(reader.place.error(Kind::Malformed, "a contribution's parameters are not in order"));
            }
            last = tag;
            match tag {
                1 => name = Some(String::from_utf8_lossy(read_short(&mut parameters)?).into_owned()),
                2 => iterations_exp = Some(parameters.take(1)?[0]),
                3 => value = Some(read_short(&mut parameters)?.to_vec()),
                other => {
                    return Err(reader.place.error(Kind::Malformed, format!("a contribution has a parameter {other}")))
                }
            }
        }
        let source = match (kind, iterations_exp, value) {
            (CONTRIBUTION, _, _) => Source::Secret,
            (BEACON, Some(iterations_exp), Some(value)) => Source::Beacon { value, iterations_exp },
            (BEACON, _, _) => {
                return Err(reader.place.error(Kind::Malformed, "a beacon without its value or iterations"))
            }
            (other, _, _) => {
                return Err(reader.place.error(Kind::Malformed, format!("a contribution of kind {other}")))
            }
        };
        Ok(Self { delta_after, g1_s, g1_sx, g2_spx, transcript, source, name })
    }

    fn write(&self, out: &mut Vec<u8>) {
        for point in [&self.delta_after, &self.g1_s, &self.g1_sx] {
            push(out, &own_g1(point));
        }
        push(out, &own_g2(&self.g2_spx));
        out.extend(self.transcript);
        let mut parameters = Vec::new();
        if let Some(name) = &self.name {
            let bytes = &name.as_bytes()[..name.len().min(LONGEST_NAME)];
            parameters.extend([1, bytes.len() as u8]);
            parameters.extend(bytes);
        }
        let kind = match &self.source {
            Source::Secret => CONTRIBUTION,
            Source::Beacon { value, iterations_exp } => {
                parameters.extend([2, *iterations_exp, 3, value.len() as u8]);
                parameters.extend(value);
                BEACON
            }
        };
        out.extend(kind.to_le_bytes());
        out.extend((parameters.len() as u32).to_le_bytes());
        out.extend(parameters);
    }

    /// What later contributions and the contribution's own hash cover.
    pub fn hash_into(&self, hasher: &mut Blake2b512) {
        for point in [&self.delta_after, &self.g1_s, &self.g1_sx] {
            hash_g1(hasher, point);
        }
        let mut bytes = [0; G2_BYTES];
        own_g2(&self.g2_spx).write_uncompressed(&mut bytes);
        hasher.update(bytes);
        hasher.update(self.transcript);
    }

    /// The hash that a contributor publishes, as snarkjs prints it.
    pub fn hash(&self) -> Hash {
        let mut hasher = Blake2b512::new();
        self.hash_into(&mut hasher);
        hasher.finalize().into()
    }
}

fn read_short<'a>(reader: &mut Reader<'a, '_>) -> Result<&'a [u8], FormatError> {
    let length = reader.take(1)?[0];
    reader.take(usize::from(length))
}

fn read_g1(reader: &mut Reader<'_, '_>) -> Result<G1Affine, FormatError> {
    let place = reader.place;
    points::g1(reader.array::<G1_BYTES>()?)
        .map_err(|defect| place.error(Kind::InvalidPoint, format!("a contribution's point {}", defect.reason())))
}

fn read_g2(reader: &mut Reader<'_, '_>) -> Result<G2Affine, FormatError> {
    let place = reader.place;
    points::g2(reader.array::<G2_BYTES>()?)
        .map_err(|defect| place.error(Kind::InvalidPoint, format!("a contribution's point {}", defect.reason())))
}

pub fn hash_g1(hasher: &mut Blake2b512, point: &G1Affine) {
    let mut bytes = [0; G1_BYTES];
    own_g1(point).write_uncompressed(&mut bytes);
    hasher.update(bytes);
}

pub fn push<F: curve::CurveField>(out: &mut Vec<u8>, point: &Affine<F>) {
    let start = out.len();
    out.resize(start + Affine::<F>::BYTES, 0);
    point.write(&mut out[start..]);
}

/// arkworks holds coordinates in Montgomery form with R = 2^256, too.
fn own_fq(value: &Fq) -> crate::field::Fq {
    crate::field::Fq::from_montgomery(value.0 .0)
}

pub fn own_g1(point: &G1Affine) -> curve::G1Affine {
    match point.xy() {
        None => Affine::INFINITY,
        Some((x, y)) => Affine { x: own_fq(&x), y: own_fq(&y) },
    }
}

pub fn own_g2(point: &G2Affine) -> curve::G2Affine {
    let fq2 = |value: &Fq2| crate::field::Fq2 { c0: own_fq(&value.c0), c1: own_fq(&value.c1) };
    match point.xy() {
        None => Affine::INFINITY,
        Some((x, y)) => Affine { x: fq2(&x), y: fq2(&y) },
    }
}

/// ffjavascript's generator: ChaCha20 with a zero nonce, its words in order.
pub struct Random(ChaCha20Rng);

impl Random {
    /// From the first 32 bytes of a digest, read as big-endian words.
    pub fn new(digest: &[u8]) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        for (word, bytes) in seed.chunks_exact_mut(4).zip(digest.chunks_exact(4)) {
            word.copy_from_slice(bytes);
            word.reverse();
        }
        Self(ChaCha20Rng::from_seed(*seed))
    }

    fn limbs_below(&mut self, modulus: &BigInt<4>) -> BigInt<4> {
        loop {
            let mut limbs = [0u64; 4];
            for limb in &mut limbs {
                let high = u64::from(self.0.next_u32());
                *limb = high << 32 | u64::from(self.0.next_u32());
            }
            // Both moduli have 254 bits.
            limbs[3] &= u64::MAX >> 2;
            let value = BigInt(limbs);
            if value < *modulus {
                return value;
            }
        }
    }

    pub fn fr(&mut self) -> Fr {
        Fr::new_unchecked(self.limbs_below(&Fr::MODULUS))
    }

    fn fq(&mut self) -> Fq {
        Fq::new_unchecked(self.limbs_below(&Fq::MODULUS))
    }

    pub fn g1(&mut self) -> G1Affine {
        loop {
            let x = self.fq();
            let greatest = self.0.next_u32() & 1 == 1;
            if let Some(mut y) = (x.square() * x + ark_bn254::g1::Config::COEFF_B).sqrt() {
                if is_negative(&y) != greatest {
                    y = -y;
                }
                return G1Affine::new_unchecked(x, y);
            }
        }
    }

    pub fn g2(&mut self) -> G2Affine {
        loop {
            let x = Fq2::new(self.fq(), self.fq());
            let greatest = self.0.next_u32() & 1 == 1;
            if let Some(mut y) = (x.square() * x + ark_bn254::g2::Config::COEFF_B).sqrt() {
                let negative = if y.c1 == Fq::from(0u8) { is_negative(&y.c0) } else { is_negative(&y.c1) };
                if negative != greatest {
                    y = -y;
                }
                return G2Affine::new_unchecked(x, y).mul_by_cofactor_to_group().into_affine();
            }
        }
    }
}

/// Above (q - 1) / 2.
fn is_negative(value: &Fq) -> bool {
    value.into_bigint() > Fq::MODULUS_MINUS_ONE_DIV_TWO
}

/// The point of G2 that a contribution proves its secret on.
pub fn hash_to_g2(transcript: &Hash) -> G2Affine {
    Random::new(transcript).g2()
}

/// A beacon's generator: its value hashed 2^iterations_exp times by SHA-256.
pub fn beacon_random(value: &[u8], iterations_exp: u8, control: &Control<'_>) -> Result<Random, Cancelled> {
    let mut digest = Sha256::digest(value);
    for round in 1..1u64 << iterations_exp {
        if round % (1 << 16) == 0 {
            control.check()?;
        }
        digest = Sha256::digest(digest);
    }
    Ok(Random::new(&digest))
}
