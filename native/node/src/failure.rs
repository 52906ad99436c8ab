//! Errors as JavaScript sees them: an Error whose `code`, `file`, `section` and `reason` are properties.

use napi::bindgen_prelude::{Env, Error, JsValue, Result};

use zkinfer_files::FileError;
use zkinfer_native::control::Cancelled;
use zkinfer_native::formats::FormatError;
use zkinfer_native::phase2::CeremonyError;
use zkinfer_native::prove::ProveError;
use zkinfer_native::verify::VerifyError;

/// What went wrong in a piece of work.
#[derive(Clone, Debug)]
pub struct Failure {
    code: &'static str,
    file: String,
    section: &'static str,
    reason: String,
    message: String,
}

impl Failure {
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { code, file: String::new(), section: "", message: reason.clone(), reason }
    }

    pub fn in_file(code: &'static str, file: &str, section: &'static str, reason: String) -> Self {
        let place = if section.is_empty() { String::new() } else { format!("section {section}: ") };
        let message = format!("{file}: {place}{reason}");
        Self { code, file: file.to_owned(), section, reason, message }
    }

    /// The JavaScript Error, to be thrown or rejected with.
    pub fn into_error(self, env: &Env) -> Error {
        match self.build(env) {
            Ok(error) | Err(error) => error,
        }
    }

    fn build(self, env: &Env) -> Result<Error> {
        let mut error = env.create_error(Error::from_reason(self.message))?;
        error.set("code", self.code)?;
        error.set("file", self.file)?;
        error.set("section", self.section)?;
        error.set("reason", self.reason)?;
        Ok(Error::from(error.to_unknown()))
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        let message = error.to_string();
        Self { code: error.kind.code(), file: error.file, section: error.section, reason: error.reason, message }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::in_file("FILE_IO", &error.file, "", error.reason)
    }
}

impl From<Cancelled> for Failure {
    fn from(cancelled: Cancelled) -> Self {
        Self::new("CANCELLED", cancelled.to_string())
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let code = match error {
            VerifyError::PublicCount { .. } => "PUBLIC_SIGNAL_COUNT",
            VerifyError::Randomness(_) => "NO_RANDOMNESS",
        };
        Self::new(code, error.to_string())
    }
}

impl From<CeremonyError> for Failure {
    fn from(error: CeremonyError) -> Self {
        match error {
            CeremonyError::Format(error) => error.into(),
            CeremonyError::Setup(error) => error.into(),
            CeremonyError::Cancelled(cancelled) => cancelled.into(),
            CeremonyError::Refused { file, reason } => Self::in_file("CEREMONY_REFUSED", &file, "", reason),
            CeremonyError::Usage(reason) => Self::new("CEREMONY_USAGE", reason),
            CeremonyError::Randomness(_) => Self::new("NO_RANDOMNESS", error.to_string()),
        }
    }
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        let code = match error {
            ProveError::Cancelled(_) => "CANCELLED",
            ProveError::WitnessLength { .. } => "WITNESS_LENGTH",
            ProveError::WitnessValue(_) => "WITNESS_VALUE",
            ProveError::Coefficients(_) => "FILE_OUT_OF_RANGE",
            ProveError::Randomness(_) => "NO_RANDOMNESS",
        };
        Self::new(code, error.to_string())
    }
}
