//! What callers in other languages ask for: bytes and the texts of snarkjs's JSON files in, texts and records out, failures
//! with a code. The bindings to Node (`node/`) and to WebAssembly (`wasm/`) are both over this.

use ark_bn254::Fr;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::control::Control;
use crate::failure::Failure;
use crate::formats::{json, wtns, zkey, FormatErrorKind, ZkeyView, FIELD_BYTES};
use crate::groups::check_key_points;
use crate::phase2::{check_contributors, Contribution, Source, Transcript};
use crate::prove::{prove, Prepared};
use crate::verify::{verify, verify_batch, Proof, VerifyingKey};

/// The texts of `proof.json` and `public.json`.
pub struct ProofTexts {
    pub proof: String,
    pub public_signals: String,
}

/// One contribution as a transcript names it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContributionRecord {
    /// The Blake2b-512 digest that a contributor publishes, in hex.
    pub hash: String,
    pub name: Option<String>,
    /// The beacon's value in hex, where it was one.
    pub beacon: Option<String>,
    pub iterations_exp: Option<u32>,
}

/// What a key says of itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    pub wires: u32,
    pub public_signals: u32,
    pub domain_size: u32,
    /// Somebody contributed: delta is not a public number.
    pub finished: bool,
    /// snarkjs's circuit hash, in hex.
    pub circuit_hash: String,
    pub contributions: Vec<ContributionRecord>,
}

/// Makes the cheap checks of a finished `.zkey` and prepares it. `check_points`: every point is looked at; false only where
/// that was done before, to these bytes.
pub fn prepare(file: &str, bytes: &[u8], check_points: bool) -> Result<Prepared, Failure> {
    let key = zkey::parse(file, bytes)?;
    key.check_finished(file)?;
    check_contributors(file, bytes)?;
    if check_points {
        check_key_points(file, &key)?;
    }
    Prepared::new(&key).map_err(|error| Failure::in_file("FILE_OUT_OF_RANGE", file, "coefficients", error.to_string()))
}

/// `witness`: every wire as 32 bytes little-endian, canonical.
pub fn prove_texts(
    key: &ZkeyView<'_>,
    prepared: &Prepared,
    witness: &[u8],
    control: &Control<'_>,
) -> Result<ProofTexts, Failure> {
    let witness = wtns::from_values("witness", witness)?;
    let proof = prove(key, prepared, witness.values, control)?;
    let public = &witness.values[FIELD_BYTES..FIELD_BYTES * (key.n_public as usize + 1)];
    Ok(ProofTexts { proof: json::write_proof(&proof), public_signals: json::write_public(public) })
}

/// Looks at every coefficient and every point of a `.zkey`; the first defect is the error.
pub fn check_key(file: &str, bytes: &[u8]) -> Result<(), Failure> {
    let key = zkey::parse(file, bytes)?;
    key.check_coefficients(file)?;
    check_key_points(file, &key)?;
    Ok(())
}

/// The text of `verification_key.json`, whether somebody contributed to the key or not.
pub fn verification_key(file: &str, bytes: &[u8]) -> Result<String, Failure> {
    let key = zkey::parse(file, bytes)?;
    Ok(json::write_key(&VerifyingKey::from_zkey(file, &key)?))
}

/// The same of a key that somebody contributed to; others are refused.
pub fn finished_verification_key(file: &str, bytes: &[u8]) -> Result<String, Failure> {
    zkey::parse(file, bytes)?.check_finished(file)?;
    check_contributors(file, bytes)?;
    verification_key(file, bytes)
}

/// Whether the proof shows the statement with these public signals. A proof outside the groups and signals at or above r
/// give `false`; texts of another form give an error.
pub fn verify_texts(key: &str, public_signals: &str, proof: &str) -> Result<bool, Failure> {
    let key = json::parse_key(key)?;
    match candidate(public_signals, proof)? {
        Some((signals, proof)) => Ok(verify(&key, &signals, &proof)?),
        None => Ok(false),
    }
}

/// Positions of the proofs that do not verify, rising; all proofs are for one key.
pub fn verify_batch_texts(key: &str, public_signals: &[String], proofs: &[String]) -> Result<Vec<u32>, Failure> {
    let key = json::parse_key(key)?;
    if public_signals.len() != proofs.len() {
        let reason = format!("{} lists of public signals for {} proofs", public_signals.len(), proofs.len());
        return Err(Failure::new("PUBLIC_SIGNAL_COUNT", reason));
    }
    let mut invalid = Vec::new();
    let mut positions = Vec::new();
    let mut items = Vec::new();
    for (position, (signals, proof)) in public_signals.iter().zip(proofs).enumerate() {
        match candidate(signals, proof)? {
            Some(item) => {
                positions.push(position as u32);
                items.push(item);
            }
            None => invalid.push(position as u32),
        }
    }
    invalid.extend(verify_batch(&key, &items)?.into_iter().map(|index| positions[index]));
    invalid.sort_unstable();
    Ok(invalid)
}

/// Signals and proof, or None where they are well-formed but cannot be valid.
fn candidate(public_signals: &str, proof: &str) -> Result<Option<(Vec<Fr>, Proof)>, Failure> {
    let parsed = json::parse_public(public_signals).and_then(|signals| Ok((signals, json::parse_proof(proof)?)));
    match parsed {
        Ok(pair) => Ok(Some(pair)),
        Err(error) if matches!(error.kind, FormatErrorKind::InvalidPoint | FormatErrorKind::OutOfRange) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a key says of itself, unchecked: sizes, contributions, whether anybody contributed.
pub fn key_record(file: &str, bytes: &[u8]) -> Result<KeyRecord, Failure> {
    let key = zkey::parse(file, bytes)?;
    let transcript = Transcript::parse(file, bytes)?;
    Ok(KeyRecord {
        wires: key.n_vars,
        public_signals: key.n_public,
        domain_size: key.domain_size,
        finished: key.check_finished(file).is_ok() && check_contributors(file, bytes).is_ok(),
        circuit_hash: hex(&transcript.circuit_hash),
        contributions: transcript.contributions.iter().map(contribution_record).collect(),
    })
}

pub fn contribution_record(contribution: &Contribution) -> ContributionRecord {
    let (beacon, iterations_exp) = match &contribution.source {
        Source::Secret => (None, None),
        Source::Beacon { value, iterations_exp } => (Some(hex(value)), Some(u32::from(*iterations_exp))),
    };
    ContributionRecord { hash: hex(&contribution.hash()), name: contribution.name.clone(), beacon, iterations_exp }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in hex with 0x, as a build's manifest names its files.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}"))
}
