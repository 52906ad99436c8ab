//! Key generation from Node.

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use super::circuit::{with_rows, Circuit};
use super::control::{with_control, Cancellation, OnProgress};
use super::work::{spawn, Work};
use zkinfer_files::{AtomicFile, MappedFile};
use zkinfer_native::failure::Failure;
use zkinfer_native::formats::ptau;
use zkinfer_native::phase2;
use zkinfer_native::requests;
use zkinfer_native::setup::{setup_ceremony, setup_development, SetupError};

/// Writes a `.zkey` for a circuit: development keys, or keys from a prepared `.ptau`. Gives the text of snarkjs's
/// `verification_key.json`. Keys from powers of tau are unfinished: somebody has to contribute. `check_powers`: every point of
/// the `.ptau` is checked first.
#[napi]
pub fn setup(
    circuit: &Circuit,
    zkey_path: String,
    ptau_path: Option<String>,
    check_powers: bool,
    on_progress: Option<OnProgress>,
    cancellation: &Cancellation,
) -> AsyncTask<Work<String>> {
    let flag = cancellation.flag();
    let input = circuit.take();
    spawn(move || {
        with_rows(input, |rows| {
            let mut target = AtomicFile::create(zkey_path.as_ref())?;
            with_control(on_progress.as_ref(), &flag, |control| match &ptau_path {
                None => setup_development(rows, &mut target, control).map_err(|error| failure(error, &target)),
                Some(path) => {
                    let powers_file = MappedFile::open(path.as_ref())?;
                    let powers = ptau::parse(powers_file.name(), powers_file.bytes())?;
                    if check_powers {
                        phase2::check_powers(powers_file.name(), &powers, control)?;
                    }
                    setup_ceremony(rows, &powers, &mut target, control).map_err(|error| match error {
                        SetupError::PowersTooFew { .. } => {
                            Failure::in_file("FILE_NOT_PREPARED", path, "", error.to_string())
                        }
                        other => failure(other, &target),
                    })
                }
            })?;
            Ok(target.finish()?)
        })?;
        let key = MappedFile::open(zkey_path.as_ref())?;
        requests::verification_key(key.name(), key.bytes())
    })
}

/// With the file's name, where writing to it failed.
pub(super) fn failure(error: SetupError, target: &AtomicFile) -> Failure {
    match error {
        SetupError::Write(error) => target.write_error(&error).into(),
        other => other.into(),
    }
}
