//! How a long computation speaks with its caller: it reports stages and asks whether to go on.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The caller asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cancelled by the caller")
    }
}

impl std::error::Error for Cancelled {}

/// Progress out, cancellation in. Shared by all threads of one computation.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    on_stage: &'a (dyn Fn(f64, &'static str) + Sync),
    cancelled: &'a AtomicBool,
}

impl<'a> Control<'a> {
    pub fn new(on_stage: &'a (dyn Fn(f64, &'static str) + Sync), cancelled: &'a AtomicBool) -> Self {
        Self { on_stage, cancelled }
    }

    /// Reports nothing, is never cancelled.
    pub fn none() -> Control<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Control { on_stage: &|_, _| {}, cancelled: &NEVER }
    }

    /// Says that `share` (0 to 1) of the work is done and `name` begins.
    pub fn stage(&self, share: f64, name: &'static str) -> Result<(), Cancelled> {
        self.check()?;
        (self.on_stage)(share, name);
        Ok(())
    }

    /// For inner loops: whether to go on.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}
