//! The second phase of a ceremony from Node: contributions, beacons, and checks of keys and of powers of tau.

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::circuit::{with_rows, Circuit};
use super::control::{with_control, Cancellation, OnProgress};
use super::setup::failure;
use super::work::{spawn, Work};
use zkinfer_files::{AtomicFile, MappedFile, TemporaryFile};
use zkinfer_native::failure::Failure;
use zkinfer_native::formats::ptau;
use zkinfer_native::phase2::{self, CeremonyError, Contribution, Key};
use zkinfer_native::requests;
use zkinfer_native::setup::KeySink;

/// One contribution as a transcript names it.
#[napi(object)]
pub struct ContributionRecord {
    /// The Blake2b-512 digest that a contributor publishes, in hex.
    pub hash: String,
    pub name: Option<String>,
    /// The beacon's value in hex, where it was one.
    pub beacon: Option<String>,
    pub iterations_exp: Option<u32>,
}

/// What a key says of itself.
#[napi(object)]
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

/// Contributes once from the system's randomness with `entropy` mixed in.
#[napi]
pub fn contribute(
    old_path: String,
    new_path: String,
    name: Option<String>,
    entropy: Uint8Array,
    on_progress: Option<OnProgress>,
    cancellation: &Cancellation,
) -> AsyncTask<Work<ContributionRecord>> {
    let flag = cancellation.flag();
    let entropy = Zeroizing::new(entropy.to_vec());
    spawn(move || {
        with_control(on_progress.as_ref(), &flag, |control| {
            next_key(&old_path, &new_path, |old, new| phase2::contribute(old, new, name.as_deref(), &entropy, control))
        })
    })
}

/// Applies a beacon: its value, hashed 2^iterations_exp times.
#[napi]
pub fn apply_beacon(
    old_path: String,
    new_path: String,
    name: Option<String>,
    value: Uint8Array,
    iterations_exp: u32,
    on_progress: Option<OnProgress>,
    cancellation: &Cancellation,
) -> AsyncTask<Work<ContributionRecord>> {
    let flag = cancellation.flag();
    let value = value.to_vec();
    spawn(move || {
        with_control(on_progress.as_ref(), &flag, |control| {
            let exponent = u8::try_from(iterations_exp).unwrap_or(u8::MAX);
            next_key(&old_path, &new_path, |old, new| {
                phase2::apply_beacon(old, new, name.as_deref(), &value, exponent, control)
            })
        })
    })
}

/// Verifies a key against circuit and powers of tau; `check_powers`: the powers are checked first.
#[napi]
pub fn verify_key(
    zkey_path: String,
    circuit: &Circuit,
    ptau_path: String,
    check_powers: bool,
    on_progress: Option<OnProgress>,
    cancellation: &Cancellation,
) -> AsyncTask<Work<KeyRecord>> {
    let flag = cancellation.flag();
    let input = circuit.take();
    spawn(move || {
        with_rows(input, |rows| {
            let powers_file = MappedFile::open(ptau_path.as_ref())?;
            let powers = ptau::parse(powers_file.name(), powers_file.bytes())?;
            with_control(on_progress.as_ref(), &flag, |control| {
                if check_powers {
                    phase2::check_powers(powers_file.name(), &powers, control)?;
                }
                let file = MappedFile::open(zkey_path.as_ref())?;
                let mut room = TemporaryFile::create()?;
                phase2::verify_key(key_of(&file), rows, &powers, &mut room, control)?;
                read_key(&file)
            })
        })
    })
}

/// Checks every point of a prepared `.ptau`. Gives the power of two of its largest domain.
#[napi]
pub fn check_powers(
    ptau_path: String,
    on_progress: Option<OnProgress>,
    cancellation: &Cancellation,
) -> AsyncTask<Work<u32>> {
    let flag = cancellation.flag();
    spawn(move || {
        let file = MappedFile::open(ptau_path.as_ref())?;
        let powers = ptau::parse(file.name(), file.bytes())?;
        with_control(on_progress.as_ref(), &flag, |control| phase2::check_powers(file.name(), &powers, control))?;
        Ok(powers.power)
    })
}

/// What a key says of itself, unchecked: sizes, contributions, whether anybody contributed.
#[napi]
pub fn inspect_key(path: String) -> AsyncTask<Work<KeyRecord>> {
    spawn(move || read_key(&MappedFile::open(path.as_ref())?))
}

/// Writes the key that `step` makes of the old one; the file is there when it is whole.
fn next_key(
    old_path: &str,
    new_path: &str,
    step: impl FnOnce(Key<'_>, &mut dyn KeySink) -> Result<Contribution, CeremonyError>,
) -> Result<ContributionRecord, Failure> {
    let old = MappedFile::open(old_path.as_ref())?;
    let mut new = AtomicFile::create(new_path.as_ref())?;
    let made = step(key_of(&old), &mut new).map_err(|error| match error {
        CeremonyError::Setup(error) => failure(error, &new),
        other => other.into(),
    })?;
    new.finish()?;
    Ok(requests::contribution_record(&made).into())
}

fn key_of(file: &MappedFile) -> Key<'_> {
    Key { file: file.name(), bytes: file.bytes() }
}

fn read_key(file: &MappedFile) -> Result<KeyRecord, Failure> {
    let record = requests::key_record(file.name(), file.bytes())?;
    Ok(KeyRecord {
        wires: record.wires,
        public_signals: record.public_signals,
        domain_size: record.domain_size,
        finished: record.finished,
        circuit_hash: record.circuit_hash,
        contributions: record.contributions.into_iter().map(ContributionRecord::from).collect(),
    })
}

impl From<requests::ContributionRecord> for ContributionRecord {
    fn from(record: requests::ContributionRecord) -> Self {
        let requests::ContributionRecord { hash, name, beacon, iterations_exp } = record;
        Self { hash, name, beacon, iterations_exp }
    }
}
