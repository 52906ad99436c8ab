//! Everything the crate may refuse as one value with a stable code, for callers that speak another language than Rust.

use crate::control::Cancelled;
use crate::formats::FormatError;
use crate::phase2::CeremonyError;
use crate::prove::ProveError;
use crate::setup::SetupError;
use crate::verify::VerifyError;

/// What went wrong in a piece of work.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: &'static str,
    /// The file at fault as the caller named it, or a description such as `proof`; empty where there is none.
    pub file: String,
    /// The file's section at fault; empty where there is none.
    pub section: &'static str,
    pub reason: String,
    /// All of it, for people.
    pub message: String,
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
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        let message = error.to_string();
        Self { code: error.kind.code(), file: error.file, section: error.section, reason: error.reason, message }
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

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        let code = match error {
            SetupError::Cancelled(_) => "CANCELLED",
            SetupError::PowersTooFew { .. } => "FILE_NOT_PREPARED",
            SetupError::CircuitTooLarge { .. } | SetupError::TooManyTerms { .. } => "CIRCUIT_TOO_LARGE",
            SetupError::Rows(_) => "CIRCUIT_ROWS",
            SetupError::Randomness(_) => "NO_RANDOMNESS",
            SetupError::Write(_) => "FILE_IO",
        };
        Self::new(code, error.to_string())
    }
}
