//! Link flags for the Node binding; nothing without it.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
