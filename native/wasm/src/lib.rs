//! The protocol as a WebAssembly module of plain functions over linear memory, the same for browsers and Node:
//! `src/groth16/wasm-module.ts` is its one caller. There is no glue that is generated, because all that crosses is bytes.
//!
//! The host writes an argument into a [`buffer`] and hands its number over; whoever takes a buffer frees it. A function
//! that can fail returns 0 for success, and leaves a text, its result or the failure as JSON, in [`text_start`]; a key that
//! it makes is in [`output_start`].
//!
//! The traps: a panic ends the module (`unreachable`), after which its memory means nothing; and one thread makes the calls, so
//! that one is under way at a time. With the feature `threads` others help it (`threads.rs`).
#![cfg(target_arch = "wasm32")]

mod host;
mod memory;
#[cfg(feature = "threads")]
mod threads;

use std::cell::RefCell;
use std::io::Cursor;

use serde::Serialize;
use zeroize::Zeroizing;
use zkinfer_native::failure::Failure;
use zkinfer_native::formats::{ptau, r1cs, zkey, ZkeyView};
use zkinfer_native::phase2::{self, Contribution, Key};
use zkinfer_native::prove::Prepared;
use zkinfer_native::requests;
use zkinfer_native::setup::{setup_ceremony, setup_development, FileRows, SetupError};

use host::with_control;
use memory::{take, take_text};

thread_local! {
    /// What the last call said.
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    /// The key that the last call made.
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static KEYS: RefCell<Vec<Option<Loaded>>> = const { RefCell::new(Vec::new()) };
}

self_cell::self_cell!(
    struct OwnedKey {
        owner: Vec<u8>,
        #[covariant]
        dependent: ZkeyView,
    }
);

struct Loaded {
    key: OwnedKey,
    prepared: Prepared,
}

/// What a failure says to the host; the same properties as the errors of the binding to Node.
#[derive(Serialize)]
struct FailureText<'a> {
    code: &'a str,
    file: &'a str,
    section: &'a str,
    reason: &'a str,
    message: &'a str,
}

/// Runs a call: 0, and its result as a text, or 1, and its failure.
fn answer<T: Serialize>(work: impl FnOnce() -> Result<T, Failure>) -> u32 {
    let (status, text) = match work() {
        Ok(value) => (0, serde_json::to_string(&value)),
        Err(Failure { code, file, section, reason, message }) => {
            (1, serde_json::to_string(&FailureText { code, file: &file, section, reason: &reason, message: &message }))
        }
    };
    // Strings and numbers always serialize.
    TEXT.set(text.unwrap_or_default());
    status
}

#[no_mangle]
pub extern "C" fn text_start() -> *const u8 {
    TEXT.with_borrow(|text| text.as_ptr())
}

#[no_mangle]
pub extern "C" fn text_length() -> usize {
    TEXT.with_borrow(String::len)
}

#[no_mangle]
pub extern "C" fn output_start() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

#[no_mangle]
pub extern "C" fn output_length() -> usize {
    OUTPUT.with_borrow(Vec::len)
}

/// Frees the key that the last call made.
#[no_mangle]
pub extern "C" fn output_free() {
    OUTPUT.take();
}

/// A loaded key as its caller knows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoadedRecord {
    handle: u32,
    wires: u32,
    public_signals: u32,
    domain_size: u32,
    /// The text of its `verification_key.json`.
    verification_key: String,
    /// What it says of its contributions; none where another tool wrote it without.
    record: Option<requests::KeyRecord>,
    /// SHA-256 of its bytes in hex with 0x; only where its points were looked at, since later the bytes are the same.
    sha256: Option<String>,
}

/// Checks a finished `.zkey` and prepares it for many proofs. Takes its bytes, and keeps them until `close_key`.
#[no_mangle]
pub extern "C" fn load_key(name: u32, zkey: u32, check_points: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    answer(|| {
        let prepared = requests::prepare(&name, &bytes, check_points != 0)?;
        let verification_key = requests::verification_key(&name, &bytes)?;
        let record = requests::key_record(&name, &bytes).ok();
        let sha256 = (check_points != 0).then(|| requests::sha256(&bytes));
        let key = OwnedKey::try_new(bytes, |bytes| zkey::parse(&name, bytes))?;
        let view = key.borrow_dependent();
        let (wires, public_signals, domain_size) = (view.n_vars, view.n_public, view.domain_size);
        let loaded = Loaded { key, prepared };
        let handle = KEYS.with_borrow_mut(|keys| {
            keys.push(Some(loaded));
            keys.len() as u32 - 1
        });
        Ok(LoadedRecord { handle, wires, public_signals, domain_size, verification_key, record, sha256 })
    })
}

#[no_mangle]
pub extern "C" fn close_key(handle: u32) {
    KEYS.with_borrow_mut(|keys| keys.get_mut(handle as usize).and_then(Option::take));
}

/// The texts of `proof.json` and `public.json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofTexts {
    proof: String,
    public_signals: String,
}

/// `witness`: every wire as 32 bytes little-endian, canonical.
#[no_mangle]
pub extern "C" fn prove(handle: u32, witness: u32) -> u32 {
    let witness = Zeroizing::new(take(witness));
    answer(|| {
        KEYS.with_borrow(|keys| {
            let closed = || Failure::new("KEY_CLOSED", "the proving key is closed");
            let Loaded { key, prepared } = keys.get(handle as usize).and_then(Option::as_ref).ok_or_else(closed)?;
            let texts =
                with_control(|control| requests::prove_texts(key.borrow_dependent(), prepared, &witness, control))?;
            Ok(ProofTexts { proof: texts.proof, public_signals: texts.public_signals })
        })
    })
}

/// Texts of snarkjs's JSON files; whether the proof shows the statement.
#[no_mangle]
pub extern "C" fn verify(key: u32, public_signals: u32, proof: u32) -> u32 {
    let (key, public_signals, proof) = (take_text(key), take_text(public_signals), take_text(proof));
    answer(|| requests::verify_texts(&key, &public_signals, &proof))
}

/// The same of many: JSON arrays of texts in, the positions of those that do not verify out.
#[no_mangle]
pub extern "C" fn verify_batch(key: u32, public_signals: u32, proofs: u32) -> u32 {
    let (key, public_signals, proofs) = (take_text(key), take_text(public_signals), take_text(proofs));
    answer(|| {
        let list = |text: &str| {
            serde_json::from_str::<Vec<String>>(text).map_err(|_| Failure::new("FILE_MALFORMED", "not a list of texts"))
        };
        requests::verify_batch_texts(&key, &list(&public_signals)?, &list(&proofs)?)
    })
}

/// Looks at every coefficient and every point of a `.zkey`.
#[no_mangle]
pub extern "C" fn check_key(name: u32, zkey: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    answer(|| requests::check_key(&name, &bytes))
}

/// The text of the verification key of a finished `.zkey`.
#[no_mangle]
pub extern "C" fn verification_key(name: u32, zkey: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    answer(|| requests::finished_verification_key(&name, &bytes))
}

/// What a key says of itself, unchecked.
#[no_mangle]
pub extern "C" fn inspect_key(name: u32, zkey: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    answer(|| requests::key_record(&name, &bytes))
}

/// A development key for an `.r1cs` as output, and its verification key.
#[no_mangle]
pub extern "C" fn setup(name: u32, circuit: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(circuit));
    answer(|| {
        let circuit = r1cs::parse(&name, &bytes)?;
        let mut out = Cursor::new(Vec::new());
        with_control(|control| setup_development(&mut FileRows::new(&circuit), &mut out, control))?;
        output_key(out)
    })
}

/// A key from a prepared `.ptau` as output, unfinished, and its verification key.
#[no_mangle]
pub extern "C" fn setup_from_powers(name: u32, circuit: u32, powers_name: u32, powers: u32, check: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(circuit));
    let (powers_name, powers) = (take_text(powers_name), take(powers));
    answer(|| {
        let circuit = r1cs::parse(&name, &bytes)?;
        let powers = ptau::parse(&powers_name, &powers)?;
        let mut out = Cursor::new(Vec::new());
        with_control(|control| {
            if check != 0 {
                phase2::check_powers(&powers_name, &powers, control)?;
            }
            setup_ceremony(&mut FileRows::new(&circuit), &powers, &mut out, control).map_err(|error| match error {
                SetupError::PowersTooFew { .. } => {
                    Failure::in_file("FILE_NOT_PREPARED", &powers_name, "", error.to_string())
                }
                other => other.into(),
            })
        })?;
        output_key(out)
    })
}

fn output_key(out: Cursor<Vec<u8>>) -> Result<String, Failure> {
    let bytes = out.into_inner();
    let text = requests::verification_key("key", &bytes)?;
    OUTPUT.set(bytes);
    Ok(text)
}

/// The key after a contribution as output, and the contribution's record. `entropy` is mixed with the host's randomness.
#[no_mangle]
pub extern "C" fn contribute(name: u32, zkey: u32, contributor: u32, entropy: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    let (contributor, entropy) = (take_text(contributor), Zeroizing::new(take(entropy)));
    next_key(&name, &bytes, |old, new| {
        with_control(|control| phase2::contribute(old, new, Some(&contributor), &entropy, control))
    })
}

/// The same for a beacon.
#[no_mangle]
pub extern "C" fn apply_beacon(name: u32, zkey: u32, contributor: u32, value: u32, iterations_exp: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    let (contributor, value) = (take_text(contributor), take(value));
    let exponent = u8::try_from(iterations_exp).unwrap_or(u8::MAX);
    next_key(&name, &bytes, |old, new| {
        with_control(|control| phase2::apply_beacon(old, new, Some(&contributor), &value, exponent, control))
    })
}

fn next_key(
    name: &str,
    bytes: &[u8],
    step: impl FnOnce(Key<'_>, &mut Cursor<Vec<u8>>) -> Result<Contribution, phase2::CeremonyError>,
) -> u32 {
    answer(|| {
        let mut out = Cursor::new(Vec::new());
        let made = step(Key { file: name, bytes }, &mut out)?;
        OUTPUT.set(out.into_inner());
        Ok(requests::contribution_record(&made))
    })
}

/// Verifies a key against circuit and powers of tau; `check`: the powers are checked first. The key's record.
#[no_mangle]
pub extern "C" fn verify_key(
    name: u32,
    zkey: u32,
    circuit_name: u32,
    circuit: u32,
    powers_name: u32,
    powers: u32,
    check: u32,
) -> u32 {
    let (name, bytes) = (take_text(name), take(zkey));
    let (circuit_name, circuit) = (take_text(circuit_name), take(circuit));
    let (powers_name, powers) = (take_text(powers_name), take(powers));
    answer(|| {
        let circuit = r1cs::parse(&circuit_name, &circuit)?;
        let powers = ptau::parse(&powers_name, &powers)?;
        with_control(|control| {
            if check != 0 {
                phase2::check_powers(&powers_name, &powers, control)?;
            }
            let mut room = Cursor::new(Vec::new());
            let mut rows = FileRows::new(&circuit);
            phase2::verify_key(Key { file: &name, bytes: &bytes }, &mut rows, &powers, &mut room, control)
        })?;
        requests::key_record(&name, &bytes)
    })
}

/// Checks every point of a prepared `.ptau`. The power of two of its largest domain.
#[no_mangle]
pub extern "C" fn check_powers(name: u32, powers: u32) -> u32 {
    let (name, bytes) = (take_text(name), take(powers));
    answer(|| {
        let powers = ptau::parse(&name, &bytes)?;
        with_control(|control| phase2::check_powers(&name, &powers, control))?;
        Ok(powers.power)
    })
}
