//! A loaded proving key and its proofs.
//!
//! The trap: a proof on `threads` threads needs a pool of its own, while all others share one pool as large as the
//! machine, so that proofs made at the same time do not fight for cores.

use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Env, Result, Uint8Array};
use napi_derive::napi;
use rayon::ThreadPoolBuilder;
use zeroize::Zeroizing;

use super::control::{with_control, Cancellation, OnProgress};
use super::failure::Failure;
use super::work::{spawn, Work};
use zkinfer_files::MappedFile;
use zkinfer_native::formats::{json, wtns, zkey, ZkeyView, FIELD_BYTES};
use zkinfer_native::groups::check_key_points;
use zkinfer_native::phase2::check_contributors;
use zkinfer_native::prove::{prove, Prepared};
use zkinfer_native::verify::VerifyingKey;

self_cell::self_cell!(
    struct MappedKey {
        owner: MappedFile,
        #[covariant]
        dependent: ZkeyView,
    }
);

struct Loaded {
    key: MappedKey,
    prepared: Prepared,
}

/// A `.zkey` mapped into memory and prepared for many proofs, until it is closed.
#[napi]
pub struct ProvingKey {
    loaded: Mutex<Option<Arc<Loaded>>>,
}

/// The texts of `proof.json` and `public.json`.
#[napi(object)]
pub struct ProofTexts {
    pub proof: String,
    pub public_signals: String,
}

/// Maps a finished `.zkey`, makes the cheap checks and prepares it. `check_points`: every point is looked at; false only where that was
/// done before, to a file with these bytes.
#[napi]
pub fn load_key(path: String, check_points: bool) -> AsyncTask<Work<ProvingKey>> {
    spawn(move || {
        let loaded = load(&path, check_points)?;
        Ok(ProvingKey { loaded: Mutex::new(Some(Arc::new(loaded))) })
    })
}

/// The verification key of a finished `.zkey`, as the text of snarkjs's `verification_key.json`.
#[napi]
pub fn verification_key(path: String) -> AsyncTask<Work<String>> {
    spawn(move || {
        let file = MappedFile::open(path.as_ref())?;
        zkey::parse(file.name(), file.bytes())?.check_finished(file.name())?;
        check_contributors(file.name(), file.bytes())?;
        verification_key_text(&path)
    })
}

pub(super) fn verification_key_text(path: &str) -> std::result::Result<String, Failure> {
    let file = MappedFile::open(path.as_ref())?;
    let key = zkey::parse(file.name(), file.bytes())?;
    Ok(json::write_key(&VerifyingKey::from_zkey(file.name(), &key)?))
}

#[napi]
impl ProvingKey {
    /// Wires of the circuit, the constant one among them.
    #[napi(getter)]
    pub fn wires(&self, env: Env) -> Result<u32> {
        self.view(&env, |key| key.n_vars)
    }

    /// Public signals: the wires after the constant that a proof publishes.
    #[napi(getter)]
    pub fn public_count(&self, env: Env) -> Result<u32> {
        self.view(&env, |key| key.n_public)
    }

    /// Size of the evaluation domain.
    #[napi(getter)]
    pub fn domain_size(&self, env: Env) -> Result<u32> {
        self.view(&env, |key| key.domain_size)
    }

    fn view(&self, env: &Env, read: impl FnOnce(&ZkeyView<'_>) -> u32) -> Result<u32> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let loaded = loaded.ok_or_else(|| Failure::new("KEY_CLOSED", "the proving key is closed").into_error(env))?;
        Ok(read(loaded.key.borrow_dependent()))
    }

    /// `witness`: every wire as 32 bytes little-endian, canonical. It is copied here, and the copy wiped after use.
    #[napi]
    pub fn prove(
        &self,
        env: Env,
        witness: Uint8Array,
        threads: Option<u32>,
        on_progress: Option<OnProgress>,
        cancellation: &Cancellation,
    ) -> Result<AsyncTask<Work<ProofTexts>>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let loaded = loaded.ok_or_else(|| Failure::new("KEY_CLOSED", "the proving key is closed").into_error(&env))?;
        let witness = Zeroizing::new(witness.to_vec());
        let flag = cancellation.flag();
        Ok(spawn(move || {
            let run = || with_control(on_progress.as_ref(), &flag, |control| loaded.prove(&witness, control));
            match threads {
                None => run(),
                Some(threads) => {
                    let pool = ThreadPoolBuilder::new().num_threads(threads as usize).build();
                    pool.map_err(|error| Failure::new("NO_THREADS", error.to_string()))?.install(run)
                }
            }
        }))
    }

    /// Frees the key once the proofs under way are done.
    #[napi]
    pub fn close(&self) {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn load(path: &str, check_points: bool) -> std::result::Result<Loaded, Failure> {
    let file = MappedFile::open(path.as_ref())?;
    let key = MappedKey::try_new(file, |file| zkey::parse(file.name(), file.bytes()))?;
    key.borrow_dependent().check_finished(key.borrow_owner().name())?;
    check_contributors(key.borrow_owner().name(), key.borrow_owner().bytes())?;
    if check_points {
        check_key_points(key.borrow_owner().name(), key.borrow_dependent())?;
    }
    let prepared = Prepared::new(key.borrow_dependent())
        .map_err(|error| Failure::in_file("FILE_OUT_OF_RANGE", path, "coefficients", error.to_string()))?;
    Ok(Loaded { key, prepared })
}

impl Loaded {
    fn prove(
        &self,
        witness: &[u8],
        control: &zkinfer_native::control::Control<'_>,
    ) -> std::result::Result<ProofTexts, Failure> {
        let key = self.key.borrow_dependent();
        let witness = wtns::from_values("witness", witness)?;
        let proof = prove(key, &self.prepared, witness.values, control)?;
        let public = &witness.values[FIELD_BYTES..FIELD_BYTES * (key.n_public as usize + 1)];
        Ok(ProofTexts { proof: json::write_proof(&proof), public_signals: json::write_public(public) })
    }
}
