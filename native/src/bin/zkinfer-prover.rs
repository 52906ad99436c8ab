//! `zkinfer-prover KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json`: one proof, with rapidsnark's arguments.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use zkinfer_native::control::Control;
use zkinfer_native::formats::{json, wtns, zkey, MappedFile};
use zkinfer_native::prove::{prove, Prepared};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, witness, proof, public] = arguments.as_slice() else {
        eprintln!("usage: zkinfer-prover KEY.zkey WITNESS.wtns PROOF.json PUBLIC.json");
        return ExitCode::from(2);
    };
    match run(key.as_ref(), witness.as_ref(), proof.as_ref(), public.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zkinfer-prover: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(key: &Path, witness: &Path, proof: &Path, public: &Path) -> Result<(), Box<dyn Error>> {
    let key_file = MappedFile::open(key)?;
    let witness_file = MappedFile::open(witness)?;
    let key = zkey::parse(key_file.name(), key_file.bytes())?;
    let witness = wtns::parse(witness_file.name(), witness_file.bytes())?;
    let prepared = Prepared::new(&key)?;
    let made = prove(&key, &prepared, witness.values, &Control::none())?;
    std::fs::write(proof, json::write_proof(&made))?;
    std::fs::write(public, json::write_public(&witness.values[32..32 * (key.n_public as usize + 1)]))?;
    Ok(())
}
