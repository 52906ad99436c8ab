//! Whether a key came from this circuit and these powers of tau by the contributions it names, and by nothing else (snarkjs
//! `src/zkey_verify_fromr1cs.js`, `src/zkey_verify_frominit.js`). The key before any contribution is made again from circuit
//! and powers; what no contribution may change must be equal to it byte for byte, the rest must be it over delta.

use std::io::{self, Cursor};

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};

use super::contribute::Key;
use super::transcript::{beacon_random, hash_g1, hash_to_g2, Contribution, Source, Transcript};
use super::{has_kept_secret, random_weights, refused, same_ratio, CeremonyError, BEACONS_ALONE, NO_SECRET};
use crate::control::Control;
use crate::curve::{PointBytes, Xyzz};
use crate::field::Fq;
use crate::formats::{points, zkey, PtauView, ZkeyView, G1_BYTES};
use crate::msm::full_msm;
use crate::setup::{setup_ceremony, KeySink, RowSource, SetupError};
use blake2::{Blake2b512, Digest};

/// The name of the key before any contribution in errors.
const INITIAL: &str = "the key before any contribution";

/// Room for one key, written once and then read: memory, or a caller's file.
pub trait Room {
    fn sink(&mut self) -> &mut dyn KeySink;
    /// What was written.
    fn contents(&mut self) -> io::Result<&[u8]>;
}

impl Room for Cursor<Vec<u8>> {
    fn sink(&mut self) -> &mut dyn KeySink {
        self
    }

    fn contents(&mut self) -> io::Result<&[u8]> {
        Ok(self.get_ref())
    }
}

/// Verifies a key and gives its transcript. `room` is empty and takes the key that was before any contribution. The powers must have been checked (`check_powers`), or be known by
/// their hash. Uses the calling thread's rayon pool.
pub fn verify_key(
    Key { file: name, bytes }: Key<'_>,
    rows: &mut dyn RowSource,
    ptau: &PtauView<'_>,
    room: &mut dyn Room,
    control: &Control<'_>,
) -> Result<Transcript, CeremonyError> {
    let key = zkey::parse(name, bytes)?;
    let transcript = Transcript::parse(name, bytes)?;
    control.stage(0.0, "contributions")?;
    let delta = verify_contributions(name, &transcript, control)?;

    control.stage(0.1, "the key before any contribution")?;
    setup_ceremony(rows, ptau, room.sink(), &Control::none())?;
    control.check()?;
    let initial = room.contents().map_err(SetupError::Write)?;
    let expected = zkey::parse(INITIAL, initial)?;
    let expected_hash = Transcript::parse(INITIAL, initial)?.circuit_hash;

    control.stage(0.6, "what no contribution may change")?;
    if (key.n_vars, key.n_public, key.domain_size) != (expected.n_vars, expected.n_public, expected.domain_size) {
        return Err(refused(name, "it has another number of wires, public signals or rows than the circuit"));
    }
    for (what, own, other) in unchanged(&key, &expected) {
        if own != other {
            return Err(refused(name, format!("its {what} are not those of this circuit and these powers of tau")));
        }
    }
    if transcript.circuit_hash != expected_hash {
        return Err(refused(name, "its circuit hash is not that of this circuit and these powers of tau"));
    }

    let fault = |what: &str, defect| key.point_error(name, what, defect);
    let delta_1 = points::g1(key.delta_g1).map_err(|defect| fault("delta in G1", defect))?;
    let delta_2 = points::g2(key.delta_g2).map_err(|defect| fault("delta in G2", defect))?;
    if delta_1 != delta {
        return Err(refused(name, "its delta in G1 is not the one that the last contribution left"));
    }
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    if !same_ratio((g1, delta_1), (g2, delta_2)) {
        return Err(refused(name, "its deltas in G1 and G2 are not the same number"));
    }

    // Where the powers are known by their hash, nothing has looked at them: alpha and beta must be secrets, too.
    key.check_finished(name)?;

    control.stage(0.7, "points C and H")?;
    // All others were found equal to those made from checked powers.
    key.check_contributed_points(name)?;
    for (what, own, other) in [("C", key.points_c, expected.points_c), ("H", key.points_h, expected.points_h)] {
        control.check()?;
        if !over_delta(own, other, delta_2)? {
            return Err(refused(name, format!("its points {what} are not those of the circuit over delta")));
        }
    }
    Ok(transcript)
}

type Table<'a> = (&'static str, &'a [u8], &'a [u8]);

fn unchanged<'a>(key: &ZkeyView<'a>, expected: &ZkeyView<'a>) -> [Table<'a>; 9] {
    [
        ("points alpha", key.alpha_g1, expected.alpha_g1),
        ("points beta in G1", key.beta_g1, expected.beta_g1),
        ("points beta in G2", key.beta_g2, expected.beta_g2),
        ("points gamma", key.gamma_g2, expected.gamma_g2),
        ("public points (IC)", key.ic, expected.ic),
        ("coefficients", key.coeffs, expected.coeffs),
        ("points A", key.points_a, expected.points_a),
        ("points B in G1", key.points_b1, expected.points_b1),
        ("points B in G2", key.points_b2, expected.points_b2),
    ]
}

/// Whether `own` is `expected` over delta, point by point: by one random combination of each, e(sum w_i own_i, delta) =
/// e(sum w_i expected_i, 1). All points are known to be on the curve.
fn over_delta(own: &[u8], expected: &[u8], delta_2: G2Affine) -> Result<bool, CeremonyError> {
    let weights = random_weights(own.len() / G1_BYTES)?;
    let (left, right) = (combine(own, &weights), combine(expected, &weights));
    // Infinity where every point is: no wires of that kind.
    if left.is_zero() || right.is_zero() {
        return Ok(left.is_zero() && right.is_zero());
    }
    Ok(same_ratio((left, right), (G2Affine::generator(), delta_2)))
}

/// sum weights_i · P_i
pub fn combine(points: &[u8], weights: &[[u64; 4]]) -> G1Affine {
    let sum: Xyzz<Fq> = full_msm(&PointBytes::<Fq>::new(points), weights);
    let mut bytes = [0; G1_BYTES];
    sum.to_affine().write(&mut bytes);
    points::g1(&bytes).unwrap_or_default()
}

/// Checks each contribution against those before it, whose hash grows with them. Gives the last delta.
fn verify_contributions(name: &str, transcript: &Transcript, control: &Control<'_>) -> Result<G1Affine, CeremonyError> {
    if transcript.contributions.is_empty() {
        return Err(refused(name, "nobody has contributed to it: delta is 1, and anybody could forge proofs"));
    }
    if !transcript.has_secret() {
        return Err(refused(name, BEACONS_ALONE));
    }
    if !has_kept_secret(transcript) {
        return Err(refused(name, NO_SECRET));
    }
    let mut before = Transcript { circuit_hash: transcript.circuit_hash, contributions: Vec::new() }.hasher();
    let mut delta = G1Affine::generator();
    for (index, contribution) in transcript.contributions.iter().enumerate() {
        control.check()?;
        let refuse = |reason: &str| refused(name, format!("contribution {}: {reason}", index + 1));
        verify_contribution(before.clone(), delta, contribution, control)?.map_err(refuse)?;
        delta = contribution.delta_after;
        contribution.hash_into(&mut before);
    }
    Ok(delta)
}

fn verify_contribution(
    mut hasher: Blake2b512,
    delta: G1Affine,
    contribution: &Contribution,
    control: &Control<'_>,
) -> Result<Result<(), &'static str>, CeremonyError> {
    hash_g1(&mut hasher, &contribution.g1_s);
    hash_g1(&mut hasher, &contribution.g1_sx);
    if <[u8; 64]>::from(hasher.finalize()) != contribution.transcript {
        return Ok(Err("its transcript does not follow from the contributions before it"));
    }
    let proved_on = (hash_to_g2(&contribution.transcript), contribution.g2_spx);
    if !same_ratio((contribution.g1_s, contribution.g1_sx), proved_on) {
        return Ok(Err("its proof does not show that the secret was known"));
    }
    if !same_ratio((delta, contribution.delta_after), proved_on) {
        return Ok(Err("delta was not multiplied by its secret"));
    }
    if contribution.delta_after == delta || contribution.delta_after == -delta {
        return Ok(Err("its secret is 1 or -1"));
    }
    if let Source::Beacon { value, iterations_exp } = &contribution.source {
        if *iterations_exp > LONGEST_BEACON {
            return Ok(Err("its beacon would take more than a day to check"));
        }
        let mut random = beacon_random(value, *iterations_exp, control)?;
        let secret = random.fr();
        let g1_s = random.g1();
        if g1_s != contribution.g1_s || (g1_s * secret).into_affine() != contribution.g1_sx {
            return Ok(Err("it is not what its beacon gives"));
        }
    }
    Ok(Ok(()))
}

/// 2^40 rounds of SHA-256 take a day or more; a file must not keep a verifier busy for years.
const LONGEST_BEACON: u8 = 40;
