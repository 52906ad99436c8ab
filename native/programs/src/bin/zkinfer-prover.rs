//! `zkinfer-prover KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json`: one proof, with rapidsnark's arguments. ZKINFER_KERNELS
//! names the kernels to use (`portable`, `avx2`, `ifma`) where they are not to be the fastest.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use zkinfer_files::MappedFile;
use zkinfer_native::control::Control;
use zkinfer_native::formats::{json, wtns, zkey};
use zkinfer_native::kernels;
use zkinfer_native::phase2::check_contributors;
use zkinfer_native::prove::prove_once;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, witness, proof, public] = arguments.as_slice() else {
        eprintln!("usage: zkinfer-prover KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json");
        return ExitCode::from(2);
    };
    keep_freed_memory();
    match run(key.as_ref(), witness.as_ref(), proof.as_ref(), public.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zkinfer-prover: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells the C library to take memory from the system once and keep it: vectors of megabytes come and go here, and each
/// would otherwise be mapped, cleared page by page, and unmapped again.
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets three parameters of the allocator.
    unsafe {
        // The largest that is taken.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 1 << 22);
    }
}

fn run(key: &Path, witness: &Path, proof: &Path, public: &Path) -> Result<(), Box<dyn Error>> {
    if let Ok(name) = std::env::var("ZKINFER_KERNELS") {
        kernels::choose(&name)?;
    }
    let key_file = MappedFile::open(key)?;
    let witness_file = MappedFile::open(witness)?;
    let key = zkey::parse(key_file.name(), key_file.bytes())?;
    key.check_finished(key_file.name())?;
    check_contributors(key_file.name(), key_file.bytes())?;
    let witness = wtns::parse(witness_file.name(), witness_file.bytes())?;
    let made = prove_once(&key, witness.values, &Control::none(), &|part| key_file.release(part))?;
    std::fs::write(proof, json::write_proof(&made))?;
    std::fs::write(public, json::write_public(&witness.values[32..32 * (key.n_public as usize + 1)]))?;
    Ok(())
}
