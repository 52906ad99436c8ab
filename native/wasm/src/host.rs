//! What the module asks of its host: randomness, and whether to go on.

use std::sync::atomic::{AtomicBool, Ordering};

use zkinfer_native::control::Control;

#[link(wasm_import_module = "host")]
extern "C" {
    /// Fills memory with bytes from the system's generator (`crypto.getRandomValues`); 0 where that worked.
    fn fill_random(start: *mut u8, length: usize) -> u32;
    /// Says that `share` (0 to 1) of the work is done and the stage in UTF-8 begins; not 0 to stop.
    fn on_stage(share: f64, start: *const u8, length: usize) -> u32;
}

/// What `getrandom` calls, by its backend `custom`.
#[no_mangle]
unsafe extern "Rust" fn __getrandom_v03_custom(start: *mut u8, length: usize) -> Result<(), getrandom::Error> {
    // SAFETY: the caller gave that many bytes.
    match unsafe { fill_random(start, length) } {
        0 => Ok(()),
        _ => Err(getrandom::Error::UNSUPPORTED),
    }
}

/// Calls `work` with a [`Control`] that speaks with the host.
pub fn with_control<T>(work: impl FnOnce(&Control<'_>) -> T) -> T {
    let cancelled = AtomicBool::new(false);
    let on_stage = |share: f64, stage: &'static str| {
        // SAFETY: a text that lives as long as the module.
        if unsafe { on_stage(share, stage.as_ptr(), stage.len()) } != 0 {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    work(&Control::new(&on_stage, &cancelled))
}
