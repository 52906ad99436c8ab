//! Progress towards JavaScript and cancellation from it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use zkinfer_native::control::Control;

/// `(share, stage) => void`; weak, so that it never keeps the process alive.
pub type OnProgress = ThreadsafeFunction<FnArgs<(f64, String)>, (), FnArgs<(f64, String)>, Status, false, true>;

/// A flag that a running proof or setup looks at between stages and in its inner loops.
#[napi]
#[derive(Default)]
pub struct Cancellation {
    flag: Arc<AtomicBool>,
}

#[napi]
impl Cancellation {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    #[napi]
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

/// Calls `work` with a [`Control`] that speaks with JavaScript.
pub(super) fn with_control<T>(
    on_progress: Option<&OnProgress>,
    flag: &AtomicBool,
    work: impl FnOnce(&Control<'_>) -> T,
) -> T {
    let on_stage = |share: f64, stage: &'static str| {
        if let Some(on_progress) = on_progress {
            on_progress.call((share, stage.to_owned()).into(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    };
    work(&Control::new(&on_stage, flag))
}
