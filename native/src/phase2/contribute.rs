//! A contribution to a key, or a beacon's: delta times a secret, the sections C and H divided by it, and a proof that whoever
//! did it knew the secret (snarkjs `src/zkey_contribute.js`, `src/zkey_beacon.js`).
//!
//! The trap: whoever hands the key over may have put points of other curves into it. The formulas multiply those as well, their
//! orders are smooth, and the products give the secret away modulo each of them (Biehl, Meyer, Müller, "Differential fault
//! attacks on elliptic curve cryptosystems", CRYPTO 2000). Every point is checked before it is multiplied.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field as _, PrimeField};
use blake2::{Blake2b512, Digest};
use zeroize::{Zeroize, Zeroizing};

use super::transcript::{
    beacon_random, hash_g1, hash_to_g2, own_g1, own_g2, push, Contribution, Random, Source, Transcript,
};
use super::{refused, same_ratio, CeremonyError};
use crate::control::Control;
use crate::curve::multiply_all;
use crate::field::Fq;
use crate::formats::zkey::check_g1_table;
use crate::formats::{points, zkey, G1_BYTES};
use crate::setup::zkey_writer::{Sizes, ZkeyWriter};
use crate::setup::KeySink;

/// Characters of a name, as many as snarkjs keeps.
const LONGEST_NAME: usize = 64;
/// Rounds of hashing, as an exponent of two, that snarkjs takes.
const ITERATIONS_EXP: std::ops::RangeInclusive<u8> = 10..=63;
/// Bytes multiplied between two looks at the caller's wish to stop.
const CHUNK: usize = 64 << 16;

/// The bytes of a key, and the name that errors carry.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    pub file: &'a str,
    pub bytes: &'a [u8],
}

/// Contributes once, from the operating system's randomness with `entropy` mixed in, and writes the key to `new`. Uses the calling thread's rayon pool.
pub fn contribute(
    old: Key<'_>,
    new: &mut dyn KeySink,
    name: Option<&str>,
    entropy: &[u8],
    control: &Control<'_>,
) -> Result<Contribution, CeremonyError> {
    let mut system = Zeroizing::new([0u8; 64]);
    getrandom::fill(&mut *system).map_err(CeremonyError::Randomness)?;
    let mut hasher = Blake2b512::new();
    hasher.update(*system);
    hasher.update(entropy);
    let digest = Zeroizing::new(<[u8; 64]>::from(hasher.finalize()));
    apply(old, new, Random::new(&*digest), Source::Secret, name, control)
}

/// Applies a beacon: a value that nobody could foresee when the last contribution was made, hashed 2^`iterations_exp` times.
pub fn apply_beacon(
    old: Key<'_>,
    new: &mut dyn KeySink,
    name: Option<&str>,
    value: &[u8],
    iterations_exp: u8,
    control: &Control<'_>,
) -> Result<Contribution, CeremonyError> {
    if value.is_empty() || value.len() > 255 {
        return Err(CeremonyError::Usage(format!("a beacon has 1 to 255 bytes, not {}", value.len())));
    }
    if !ITERATIONS_EXP.contains(&iterations_exp) {
        return Err(CeremonyError::Usage(format!("the exponent of the iterations is 10 to 63, not {iterations_exp}")));
    }
    control.stage(0.0, "hashing the beacon")?;
    let random = beacon_random(value, iterations_exp, control)?;
    apply(old, new, random, Source::Beacon { value: value.to_vec(), iterations_exp }, name, control)
}

fn apply(
    old: Key<'_>,
    new: &mut dyn KeySink,
    mut random: Random,
    source: Source,
    name: Option<&str>,
    control: &Control<'_>,
) -> Result<Contribution, CeremonyError> {
    control.stage(0.0, "reading the key")?;
    let Key { file, bytes } = old;
    let key = zkey::parse(file, bytes)?;
    let mut transcript = Transcript::parse(file, bytes)?;
    let fault = |name: &str, defect| key.point_error(file, name, defect);
    let delta_1 = points::g1(key.delta_g1).map_err(|defect| fault("delta in G1", defect))?;
    let delta_2 = points::g2(key.delta_g2).map_err(|defect| fault("delta in G2", defect))?;
    if source != Source::Secret && !transcript.has_secret() {
        return Err(refused(
            file,
            "nobody has contributed to it yet, and a beacon's secret is public: people contribute first, the beacon comes last",
        ));
    }
    match transcript.contributions.last() {
        Some(last) if last.delta_after != delta_1 => {
            return Err(refused(file, "its delta is not the one that its last contribution left: the key was altered"));
        }
        None if delta_1 != G1Affine::generator() => {
            return Err(refused(
                file,
                "it names no contribution and its delta is not 1: a development key, or an altered one, to which no contribution \
                 can ever be verified; contribute to a key made from powers of tau (zkinfer setup --ptau)",
            ));
        }
        _ => (),
    }
    if !same_ratio((G1Affine::generator(), delta_1), (G2Affine::generator(), delta_2)) {
        return Err(refused(file, "its deltas in G1 and G2 are not the same number: the key was altered"));
    }

    let mut secret = random.fr();
    if secret == Fr::from(0u8) {
        return Err(CeremonyError::Usage("the randomness gave the secret 0".to_owned()));
    }
    let g1_s = random.g1();
    #[allow(clippy::drop_non_drop)] // So that nothing is drawn from it any more.
    drop(random);
    let g1_sx = (g1_s * secret).into_affine();
    let mut hasher = transcript.hasher();
    hash_g1(&mut hasher, &g1_s);
    hash_g1(&mut hasher, &g1_sx);
    let digest = hasher.finalize().into();
    let contribution = Contribution {
        delta_after: (delta_1 * secret).into_affine(),
        g1_s,
        g1_sx,
        g2_spx: (hash_to_g2(&digest) * secret).into_affine(),
        transcript: digest,
        source,
        name: name.filter(|name| !name.is_empty()).map(|name| name.chars().take(LONGEST_NAME).collect()),
    };
    let delta_2 = (delta_2 * secret).into_affine();
    let mut inverse = secret.inverse().unwrap_or_default();
    secret.zeroize();
    let over = Zeroizing::new(inverse.into_bigint().0);
    inverse.zeroize();
    transcript.contributions.push(contribution.clone());

    let mut header = Vec::new();
    for bytes in [&key.alpha_g1[..], key.beta_g1, key.beta_g2, key.gamma_g2] {
        header.extend(bytes);
    }
    push(&mut header, &own_g1(&contribution.delta_after));
    push(&mut header, &own_g2(&delta_2));
    let mut out = ZkeyWriter::create(new)?;
    out.header(&Sizes { n_vars: key.n_vars, n_public: key.n_public, domain_size: key.domain_size }, &header)?;
    out.section(3, |out| out.write(key.ic))?;
    out.section(4, |out| {
        out.write(&((key.coeffs.len() / zkey::COEFFICIENT_BYTES) as u32).to_le_bytes())?;
        out.write(key.coeffs)
    })?;
    for (section, table) in [(5, key.points_a), (6, key.points_b1), (7, key.points_b2)] {
        control.check()?;
        out.section(section, |out| out.write(table))?;
    }
    let total = (key.points_c.len() + key.points_h.len()) as f64;
    let mut done = 0usize;
    for (section, table, stage) in [(8, key.points_c, "points C"), (9, key.points_h, "points H")] {
        out.section::<CeremonyError>(section, |out| {
            let mut product = vec![0u8; table.len().min(CHUNK)];
            for (index, chunk) in table.chunks(CHUNK).enumerate() {
                control.stage(done as f64 / total, stage)?;
                // The file may change under the map: what is multiplied is what was checked.
                let own = chunk.to_vec();
                check_g1_table(file, stage, &own, index * CHUNK / G1_BYTES)?;
                multiply_all::<Fq>(&own, &over, &mut product[..own.len()]);
                out.write(&product[..own.len()])?;
                done += own.len();
            }
            Ok(())
        })?;
    }
    control.stage(0.99, "closing the file")?;
    out.section(10, |out| out.write(&transcript.to_bytes()))?;
    out.finish()?;
    Ok(contribution)
}
