//! What can be wrong with a file: which file, which section, and why. Parsers return this and never panic.
//!
//! The trap: the strings shown here come from the parser, never from the file, so that a hostile file cannot put
//! text of its own into a log.

use std::fmt;

/// The kinds of defect, each with a stable code for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatErrorKind {
    /// The file ends before what it announces.
    Truncated,
    /// The first four bytes name another format.
    WrongMagic,
    /// The format's version is not the one this reader knows.
    WrongVersion,
    /// The field's prime is not BN254's.
    WrongPrime,
    /// The protocol is not Groth16, or the file uses something Groth16 has not.
    Unsupported,
    /// A section the format requires is not there.
    MissingSection,
    /// A section occurs twice.
    DuplicateSection,
    /// A section's size contradicts the counts in the header, or bytes follow the last section.
    SectionSize,
    /// An index, count or field element is outside its range.
    OutOfRange,
    /// A point is not on the curve, not in the group, or infinity where that is unsafe.
    InvalidPoint,
    /// A powers-of-tau file without its phase-2 sections, or with too few powers.
    NotPrepared,
    /// JSON that is not of the expected form.
    Malformed,
    /// A key that nobody contributed to: anybody can forge proofs under it.
    Unfinished,
}

impl FormatErrorKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Truncated => "FILE_TRUNCATED",
            Self::WrongMagic => "FILE_WRONG_MAGIC",
            Self::WrongVersion => "FILE_WRONG_VERSION",
            Self::WrongPrime => "FILE_WRONG_PRIME",
            Self::Unsupported => "FILE_UNSUPPORTED",
            Self::MissingSection => "FILE_MISSING_SECTION",
            Self::DuplicateSection => "FILE_DUPLICATE_SECTION",
            Self::SectionSize => "FILE_SECTION_SIZE",
            Self::OutOfRange => "FILE_OUT_OF_RANGE",
            Self::InvalidPoint => "FILE_INVALID_POINT",
            Self::NotPrepared => "FILE_NOT_PREPARED",
            Self::Malformed => "FILE_MALFORMED",
            Self::Unfinished => "KEY_UNFINISHED",
        }
    }
}

/// A defect in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    pub kind: FormatErrorKind,
    /// The path as the caller gave it, or a description such as `witness buffer`.
    pub file: String,
    /// The section's name in the format's own terms; empty where the defect is before any section.
    pub section: &'static str,
    pub reason: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.section.is_empty() {
            write!(f, "{}: {}", self.file, self.reason)
        } else {
            write!(f, "{}: section {}: {}", self.file, self.section, self.reason)
        }
    }
}

impl std::error::Error for FormatError {}

/// Where a parser stands: makes errors that carry the file and the section.
#[derive(Clone, Copy)]
pub(crate) struct Place<'n> {
    pub file: &'n str,
    pub section: &'static str,
}

impl<'n> Place<'n> {
    pub fn new(file: &'n str) -> Self {
        Self { file, section: "" }
    }

    pub fn within(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    pub fn error(self, kind: FormatErrorKind, reason: impl Into<String>) -> FormatError {
        FormatError { kind, file: self.file.to_owned(), section: self.section, reason: reason.into() }
    }
}
