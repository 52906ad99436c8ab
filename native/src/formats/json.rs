//! snarkjs's `verification_key.json`, `proof.json` and `public.json`: decimal strings, points projective with z = 1
//! (z = 0 for infinity), G2 coordinates as [c0, c1].
//!
//! The trap: a number at or above its prime must be refused, not reduced. A verifier that reduces public signals accepts
//! x + r for x, and with it a second spelling of a nullifier.

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{FormatError, FormatErrorKind as Kind, Place};
use super::points::PointDefect;
use super::zkey::check_finished;
use super::FIELD_BYTES;
use crate::verify::{Proof, VerifyingKey};

type G1Json = [String; 3];
type G2Json = [[String; 2]; 3];
type GtJson = [[[String; 2]; 3]; 2];

#[derive(Serialize, Deserialize)]
struct KeyJson {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    n_public: u32,
    vk_alpha_1: G1Json,
    vk_beta_2: G2Json,
    vk_gamma_2: G2Json,
    vk_delta_2: G2Json,
    /// e(alpha, beta), for readers that want it; never trusted.
    #[serde(skip_deserializing)]
    vk_alphabeta_12: GtJson,
    #[serde(rename = "IC")]
    ic: Vec<G1Json>,
}

#[derive(Serialize, Deserialize)]
struct ProofJson {
    pi_a: G1Json,
    pi_b: G2Json,
    pi_c: G1Json,
    protocol: String,
    /// rapidsnark leaves it out.
    #[serde(default = "bn128")]
    curve: String,
}

fn bn128() -> String {
    "bn128".to_owned()
}

/// Reads a verification key and checks each of its points, and that somebody contributed to it.
pub fn parse_key(json: &str) -> Result<VerifyingKey, FormatError> {
    let place = Place::new("verification key");
    let key: KeyJson = parse(place, json)?;
    check_protocol(place, &key.protocol, &key.curve)?;
    if key.ic.len() as u64 != u64::from(key.n_public) + 1 {
        let reason = format!("{} points for {} public signals (one more is needed)", key.ic.len(), key.n_public);
        return Err(place.within("IC").error(Kind::Malformed, reason));
    }
    let secure_g1 = |section, point: &G1Json| {
        let place = place.within(section);
        nonzero(place, parse_g1(place, point)?)
    };
    let secure_g2 = |section, point: &G2Json| {
        let place = place.within(section);
        nonzero(place, parse_g2(place, point)?)
    };
    let parsed = VerifyingKey {
        alpha_g1: secure_g1("vk_alpha_1", &key.vk_alpha_1)?,
        beta_g2: secure_g2("vk_beta_2", &key.vk_beta_2)?,
        gamma_g2: secure_g2("vk_gamma_2", &key.vk_gamma_2)?,
        delta_g2: secure_g2("vk_delta_2", &key.vk_delta_2)?,
        ic: key.ic.iter().map(|point| parse_g1(place.within("IC"), point)).collect::<Result<_, _>>()?,
    };
    let powers = (parsed.alpha_g1, parsed.beta_g2);
    check_finished(place.within("vk_beta_2"), place.within("vk_delta_2"), powers, parsed.gamma_g2, parsed.delta_g2)?;
    Ok(parsed)
}

/// Writes a verification key as `snarkjs zkey export verificationkey` does.
pub fn write_key(key: &VerifyingKey) -> String {
    let alphabeta = Bn254::pairing(key.alpha_g1, key.beta_g2).0;
    let quadratic = |x: Fq2| [x.c0.to_string(), x.c1.to_string()];
    let cubic = |x: ark_bn254::Fq6| [quadratic(x.c0), quadratic(x.c1), quadratic(x.c2)];
    let json = KeyJson {
        protocol: "groth16".to_owned(),
        curve: bn128(),
        n_public: key.ic.len().saturating_sub(1) as u32,
        vk_alpha_1: write_g1(&key.alpha_g1),
        vk_beta_2: write_g2(&key.beta_g2),
        vk_gamma_2: write_g2(&key.gamma_g2),
        vk_delta_2: write_g2(&key.delta_g2),
        vk_alphabeta_12: [cubic(alphabeta.c0), cubic(alphabeta.c1)],
        ic: key.ic.iter().map(write_g1).collect(),
    };
    to_string(&json)
}

/// Reads a proof. Kind [`Kind::InvalidPoint`] or [`Kind::OutOfRange`] means: well-formed, but no proof of anything.
pub fn parse_proof(json: &str) -> Result<Proof, FormatError> {
    let place = Place::new("proof");
    let proof: ProofJson = parse(place, json)?;
    check_protocol(place, &proof.protocol, &proof.curve)?;
    Ok(Proof {
        a: parse_g1(place.within("pi_a"), &proof.pi_a)?,
        b: parse_g2(place.within("pi_b"), &proof.pi_b)?,
        c: parse_g1(place.within("pi_c"), &proof.pi_c)?,
    })
}

/// Writes a proof as snarkjs does.
pub fn write_proof(proof: &Proof) -> String {
    to_string(&ProofJson {
        pi_a: write_g1(&proof.a),
        pi_b: write_g2(&proof.b),
        pi_c: write_g1(&proof.c),
        protocol: "groth16".to_owned(),
        curve: bn128(),
    })
}

/// Reads public signals. Kind [`Kind::OutOfRange`]: one is not below r.
pub fn parse_public(json: &str) -> Result<Vec<Fr>, FormatError> {
    let place = Place::new("public signals");
    let signals: Vec<String> = parse(place, json)?;
    signals.iter().map(|signal| number(place, signal)).collect()
}

/// Writes public signals as snarkjs does, from canonical values of 32 bytes, little-endian.
pub fn write_public(values: &[u8]) -> String {
    let signals = values.chunks_exact(FIELD_BYTES).map(|value| Fr::from_le_bytes_mod_order(value).to_string());
    to_string(&signals.collect::<Vec<_>>())
}

fn parse<T: DeserializeOwned>(place: Place<'_>, json: &str) -> Result<T, FormatError> {
    serde_json::from_str(json).map_err(|error| {
        // serde's own text may quote the document; its position and category say enough.
        let reason = format!("unexpected JSON at line {}, column {}", error.line(), error.column());
        place.error(Kind::Malformed, reason)
    })
}

fn to_string(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("structs of strings and numbers always serialize")
}

fn check_protocol(place: Place<'_>, protocol: &str, curve: &str) -> Result<(), FormatError> {
    if protocol != "groth16" {
        return Err(place.within("protocol").error(Kind::Unsupported, "is not groth16"));
    }
    if curve != "bn128" && curve != "bn254" {
        return Err(place.within("curve").error(Kind::WrongPrime, "is not bn128 (BN254)"));
    }
    Ok(())
}

fn number<F: PrimeField<BigInt = BigInt<4>>>(place: Place<'_>, decimal: &str) -> Result<F, FormatError> {
    if decimal.is_empty() || !decimal.bytes().all(|b| b.is_ascii_digit()) {
        return Err(place.error(Kind::Malformed, "a number is not decimal"));
    }
    if decimal.len() > 1 && decimal.starts_with('0') {
        return Err(place.error(Kind::OutOfRange, "a number has leading zeros"));
    }
    // 2^256 has 78 digits.
    let integer = if decimal.len() <= 78 { decimal.parse::<BigInt<4>>().ok() } else { None };
    integer
        .and_then(F::from_bigint)
        .ok_or_else(|| place.error(Kind::OutOfRange, "a number is not below the field's prime"))
}

fn parse_g1(place: Place<'_>, [x, y, z]: &G1Json) -> Result<G1Affine, FormatError> {
    if [x, y, z] == ["0", "1", "0"] {
        return Ok(G1Affine::identity());
    }
    if z != "1" {
        return Err(place.error(Kind::Malformed, "a point's z is neither 1 nor 0"));
    }
    let point = G1Affine::new_unchecked(number(place, x)?, number(place, y)?);
    if !point.is_on_curve() {
        return Err(invalid(place, PointDefect::NotOnCurve));
    }
    Ok(point)
}

fn parse_g2(place: Place<'_>, [x, y, z]: &G2Json) -> Result<G2Affine, FormatError> {
    let infinity = [["0", "0"], ["1", "0"], ["0", "0"]];
    if [x, y, z].iter().zip(infinity).all(|(part, expected)| *part == &expected) {
        return Ok(G2Affine::identity());
    }
    if z[0] != "1" || z[1] != "0" {
        return Err(place.error(Kind::Malformed, "a point's z is neither 1 nor 0"));
    }
    let quadratic = |[c0, c1]: &[String; 2]| Ok(Fq2::new(number::<Fq>(place, c0)?, number::<Fq>(place, c1)?));
    let point = G2Affine::new_unchecked(quadratic(x)?, quadratic(y)?);
    if !point.is_on_curve() {
        return Err(invalid(place, PointDefect::NotOnCurve));
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return Err(invalid(place, PointDefect::NotInSubgroup));
    }
    Ok(point)
}

fn nonzero<P: AffineRepr>(place: Place<'_>, point: P) -> Result<P, FormatError> {
    if point.is_zero() {
        return Err(place.error(Kind::InvalidPoint, "is the point at infinity"));
    }
    Ok(point)
}

fn invalid(place: Place<'_>, defect: PointDefect) -> FormatError {
    place.error(Kind::InvalidPoint, format!("a point {}", defect.reason()))
}

fn write_g1(point: &G1Affine) -> G1Json {
    match point.xy() {
        Some((x, y)) => [x.to_string(), y.to_string(), "1".to_owned()],
        None => ["0", "1", "0"].map(str::to_owned),
    }
}

fn write_g2(point: &G2Affine) -> G2Json {
    let quadratic = |x: Fq2| [x.c0.to_string(), x.c1.to_string()];
    match point.xy() {
        Some((x, y)) => [quadratic(x), quadratic(y), ["1", "0"].map(str::to_owned)],
        None => [["0", "0"], ["1", "0"], ["0", "0"]].map(|pair| pair.map(str::to_owned)),
    }
}
