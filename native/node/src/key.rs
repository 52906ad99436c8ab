//! A loaded proving key and its proofs.
//!
//! The trap: a proof on `threads` threads needs a pool of its own, while all others share one pool as large as the
//! machine, so that proofs made at the same time do not fight for cores.

use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Env, Error, Result, Uint8Array};
use napi_derive::napi;
use rayon::ThreadPoolBuilder;
use zeroize::Zeroizing;

use super::control::{with_control, Cancellation, OnProgress};
use super::failure::into_error;
use super::work::{spawn, Work};
use zkinfer_files::MappedFile;
use zkinfer_native::failure::Failure;
use zkinfer_native::formats::{zkey, ZkeyView};
use zkinfer_native::prove::Prepared;
use zkinfer_native::requests;

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
        requests::finished_verification_key(file.name(), file.bytes())
    })
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
        let loaded = loaded.ok_or_else(|| closed(env))?;
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
        let loaded = loaded.ok_or_else(|| closed(&env))?;
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

fn closed(env: &Env) -> Error {
    into_error(Failure::new("KEY_CLOSED", "the proving key is closed"), env)
}

fn load(path: &str, check_points: bool) -> std::result::Result<Loaded, Failure> {
    let file = MappedFile::open(path.as_ref())?;
    let prepared = requests::prepare(file.name(), file.bytes(), check_points)?;
    let key = MappedKey::try_new(file, |file| zkey::parse(file.name(), file.bytes()))?;
    Ok(Loaded { key, prepared })
}

impl Loaded {
    fn prove(
        &self,
        witness: &[u8],
        control: &zkinfer_native::control::Control<'_>,
    ) -> std::result::Result<ProofTexts, Failure> {
        let key = self.key.borrow_dependent();
        let requests::ProofTexts { proof, public_signals } =
            requests::prove_texts(key, &self.prepared, witness, control)?;
        Ok(ProofTexts { proof, public_signals })
    }
}
