//! A circuit that a key is made for or checked against: a `.r1cs` file, or rows that JavaScript gives batch by batch.
//!
//! The trap: rows are made on JavaScript's one thread, work runs on another. Work asks for rows by a callback and waits
//! for them in a channel; it asks for one batch more than it has, so that both threads are busy.

use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use napi::bindgen_prelude::{Status, Uint32Array, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use zkinfer_files::MappedFile;
use zkinfer_native::control::Control;
use zkinfer_native::failure::Failure;
use zkinfer_native::formats::{r1cs, FIELD_BYTES};
use zkinfer_native::setup::{
    Batch, CircuitSizes, Coefficient, FileRows, RowSource, SetupError, SparseRows, NOT_BELOW_R,
};

/// `() => void`: the next rows are wanted. Weak, so that it never keeps the process alive.
pub type OnWanted = ThreadsafeFunction<(), (), (), Status, false, true>;

/// How often a wait for rows looks at the wish to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A circuit, to be used once.
#[napi]
pub struct Circuit {
    input: Mutex<Option<Input>>,
    sender: Mutex<Option<Sender<Portion>>>,
}

pub enum Input {
    File(String),
    Rows(Box<ChannelRows>),
}

/// Rows of one matrix, compressed: row i is entries offsets[i] to offsets[i + 1]; `values` are positions of coefficients.
#[napi(object)]
pub struct MatrixRows {
    pub offsets: Uint32Array,
    pub wires: Uint32Array,
    pub values: Uint32Array,
}

struct Portion {
    /// Those that no earlier portion had, canonical, little-endian.
    coefficients: Vec<u8>,
    matrices: [SparseRows; 3],
}

#[napi]
impl Circuit {
    #[napi(factory)]
    pub fn from_file(path: String) -> Self {
        Self { input: Mutex::new(Some(Input::File(path))), sender: Mutex::new(None) }
    }

    /// Rows that come by `push` when `on_wanted` asks for them.
    #[napi(factory)]
    pub fn from_rows(wires: u32, public_signals: u32, constraints: u32, on_wanted: OnWanted) -> Self {
        let (sender, receiver) = channel();
        let sizes = CircuitSizes { n_wires: wires, n_public: public_signals, n_constraints: constraints };
        let rows = ChannelRows {
            sizes,
            receiver,
            on_wanted,
            asked: false,
            matrices: Default::default(),
            coefficients: Vec::new(),
        };
        Self { input: Mutex::new(Some(Input::Rows(Box::new(rows)))), sender: Mutex::new(Some(sender)) }
    }

    /// The next rows of the three matrices. `coefficients`: those that have not come before, 32 bytes little-endian each.
    #[napi]
    pub fn push(&self, coefficients: Uint8Array, a: MatrixRows, b: MatrixRows, c: MatrixRows) {
        let matrices = [a, b, c].map(|rows| SparseRows {
            offsets: rows.offsets.to_vec(),
            wires: rows.wires.to_vec(),
            values: rows.values.to_vec(),
        });
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody waits for rows any more where the work has ended early.
            let _ = sender.send(Portion { coefficients: coefficients.to_vec(), matrices });
        }
    }

    /// There are no more rows.
    #[napi]
    pub fn end(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn take(&self) -> Option<Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Gives the rows of a circuit to `work`.
pub fn with_rows<T>(
    input: Option<Input>,
    work: impl FnOnce(&mut dyn RowSource) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match input {
        None => Err(Failure::new("INTERNAL", "the circuit was used before")),
        Some(Input::Rows(mut rows)) => work(&mut *rows),
        Some(Input::File(path)) => {
            let file = MappedFile::open(path.as_ref())?;
            let view = r1cs::parse(file.name(), file.bytes())?;
            let mut rows = FileRows::new(&view);
            work(&mut rows)
        }
    }
}

pub struct ChannelRows {
    sizes: CircuitSizes,
    receiver: Receiver<Portion>,
    on_wanted: OnWanted,
    asked: bool,
    matrices: [SparseRows; 3],
    coefficients: Vec<Coefficient>,
}

impl ChannelRows {
    fn ask(&self) {
        self.on_wanted.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl RowSource for ChannelRows {
    fn sizes(&self) -> CircuitSizes {
        self.sizes
    }

    fn next(&mut self, control: &Control<'_>) -> Result<Option<Batch<'_>>, SetupError> {
        if !self.asked {
            self.asked = true;
            self.ask();
        }
        let portion = loop {
            match self.receiver.recv_timeout(LOOK) {
                Ok(portion) => break portion,
                Err(RecvTimeoutError::Timeout) => control.check()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        };
        self.ask();
        self.matrices = portion.matrices;
        for bytes in portion.coefficients.chunks(FIELD_BYTES) {
            let limbs = limbs(bytes).ok_or(SetupError::Rows(NOT_BELOW_R))?;
            self.coefficients.push(Coefficient::new(limbs).ok_or(SetupError::Rows(NOT_BELOW_R))?);
        }
        let [a, b, c] = &self.matrices;
        Ok(Some(Batch { a, b, c, coefficients: &self.coefficients }))
    }
}

/// Four limbs from 32 bytes; None from fewer.
fn limbs(bytes: &[u8]) -> Option<[u64; 4]> {
    let (limbs, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return None;
    }
    Some(<[[u8; 8]; 4]>::try_from(limbs).ok()?.map(u64::from_le_bytes))
}
