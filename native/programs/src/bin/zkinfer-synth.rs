//! `zkinfer-synth LOG2 KIND CIRCUIT.r1cs WITNESS.wtns [KEY.zkey]`: a satisfied constraint system that fills a domain of 2^LOG2, for
//! benchmarks, and if asked a development key for it. KIND `nn` has a neural network's shape: bits with their boolean constraints, linear rows `0 * 0 = LC`
//! that put integers together from bits, products of bits and integers, and a few hundred full-width wires; `full` has
//! random full-width values on every wire. `zkinfer-synth ptau POWER FILE.ptau`: prepared powers of tau that nobody may use for more
//! than a benchmark, since this process knew tau.

use std::error::Error;
use std::process::ExitCode;
use zkinfer_files::AtomicFile;
use zkinfer_native::control::Control;
use zkinfer_native::field::{Field, FpParams, Fr, FrParams};
use zkinfer_native::setup::{development_powers, setup_development, FileRows};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (log, kind, r1cs, wtns, key) = match arguments.as_slice() {
        [kind, power, path] if kind == "ptau" => {
            return match powers(power, path) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("zkinfer-synth: {error}");
                    ExitCode::FAILURE
                }
            };
        }
        [log, kind, r1cs, wtns] => (log, kind, r1cs, wtns, None),
        [log, kind, r1cs, wtns, key] => (log, kind, r1cs, wtns, Some(key)),
        _ => {
            eprintln!("usage: zkinfer-synth LOG2 nn|full CIRCUIT.r1cs WITNESS.wtns [KEY.zkey]");
            return ExitCode::from(2);
        }
    };
    match run(log, kind, r1cs, wtns, key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zkinfer-synth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn powers(power: &str, path: &str) -> Result<(), Box<dyn Error>> {
    let power: u32 = power.parse()?;
    if !(1..=22).contains(&power) {
        return Err("POWER is not in 1 to 22".into());
    }
    let mut seed = System::new();
    let mut draw = || seed.random_element();
    std::fs::write(path, development_powers(power, draw(), draw(), draw()))?;
    Ok(())
}

fn run(log: &str, kind: &str, r1cs: &str, wtns: &str, key: Option<&String>) -> Result<(), Box<dyn Error>> {
    let log: u32 = log.parse()?;
    if !(6..=24).contains(&log) {
        return Err("LOG2 is not in 6 to 24".into());
    }
    let mut system = System::new();
    // snarkjs adds a row for the constant and one for each public wire.
    let rows = (1usize << log) - 1 - System::PUBLIC;
    match kind {
        "nn" => neural(&mut system, rows),
        "full" => full_width(&mut system, rows),
        other => return Err(format!("kind {other} is neither nn nor full").into()),
    }
    let circuit = system.r1cs_bytes();
    std::fs::write(r1cs, &circuit)?;
    std::fs::write(wtns, system.wtns_bytes())?;
    if let Some(key) = key {
        let view = zkinfer_native::formats::r1cs::parse(r1cs, &circuit)?;
        let mut file = AtomicFile::create(key.as_ref())?;
        setup_development(&mut FileRows::new(&view), &mut file, &Control::none())?;
        file.finish()?;
    }
    Ok(())
}

type Combination = Vec<(u32, Fr)>;

struct System {
    /// Wire 0 is one, wires 1 to PUBLIC are public.
    values: Vec<Fr>,
    rows: Vec<[Combination; 3]>,
    state: u64,
}

impl System {
    const PUBLIC: usize = 4;

    fn new() -> Self {
        Self { values: vec![Fr::ONE; 1 + Self::PUBLIC], rows: Vec::new(), state: 0x7a6b_696e_6665_7221 }
    }

    /// SplitMix64: reproducible circuits, no secrets.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn random_element(&mut self) -> Fr {
        let mut bytes = [0u8; 64];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.random().to_le_bytes());
        }
        Fr::from_uniform_bytes(&bytes)
    }

    fn wire(&mut self, value: Fr) -> u32 {
        self.values.push(value);
        self.values.len() as u32 - 1
    }

    fn value_of(&self, combination: &Combination) -> Fr {
        combination.iter().fold(Fr::ZERO, |sum, (wire, c)| sum.add(&self.values[*wire as usize].mul(c)))
    }

    /// A wire for the product of two combinations, and its row.
    fn product(&mut self, a: Combination, b: Combination) -> u32 {
        let value = self.value_of(&a).mul(&self.value_of(&b));
        let wire = self.wire(value);
        self.rows.push([a, b, vec![(wire, Fr::ONE)]]);
        wire
    }

    /// 0 * 0 = combination, which must be zero.
    fn linear(&mut self, combination: Combination) {
        self.rows.push([Vec::new(), Vec::new(), combination]);
    }

    fn r1cs_bytes(&self) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(32u32.to_le_bytes());
        push_limbs(&mut header, &FrParams::MODULUS);
        for count in [self.values.len(), 0, Self::PUBLIC, 0] {
            header.extend((count as u32).to_le_bytes());
        }
        header.extend((self.values.len() as u64).to_le_bytes());
        header.extend((self.rows.len() as u32).to_le_bytes());
        let mut constraints = Vec::new();
        for combination in self.rows.iter().flatten() {
            constraints.extend((combination.len() as u32).to_le_bytes());
            for (wire, coefficient) in combination {
                constraints.extend(wire.to_le_bytes());
                push_limbs(&mut constraints, &coefficient.to_canonical());
            }
        }
        let labels: Vec<u8> = (0..self.values.len() as u64).flat_map(u64::to_le_bytes).collect();
        container(b"r1cs", 1, &[(1, header), (2, constraints), (3, labels)])
    }

    fn wtns_bytes(&self) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(32u32.to_le_bytes());
        push_limbs(&mut header, &FrParams::MODULUS);
        header.extend((self.values.len() as u32).to_le_bytes());
        let mut values = Vec::new();
        for value in &self.values {
            push_limbs(&mut values, &value.to_canonical());
        }
        container(b"wtns", 2, &[(1, header), (2, values)])
    }
}

fn push_limbs(out: &mut Vec<u8>, limbs: &[u64; 4]) {
    for limb in limbs {
        out.extend(limb.to_le_bytes());
    }
}

fn container(magic: &[u8; 4], version: u32, sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend(version.to_le_bytes());
    out.extend((sections.len() as u32).to_le_bytes());
    for (kind, body) in sections {
        out.extend(kind.to_le_bytes());
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
    }
    out
}

/// Requantized neurons of 20 bits until the rows run out, then, in the last sixteenth, a hash-like full-width chain.
fn neural(system: &mut System, rows: usize) {
    const BITS: usize = 20;
    /// Inputs of a neuron: its terms stand in a linear row, which costs the prover nothing.
    const FAN_IN: usize = 30;
    let mut activations: Vec<u32> = (1..=System::PUBLIC as u32).collect();
    let chain = (rows / 16).min(700);
    while system.rows.len() + BITS + 2 + chain <= rows {
        let sum = system.random() % (1 << BITS);
        let bits: Vec<u32> = (0..BITS).map(|i| system.wire(Fr::from_u64((sum >> i) & 1))).collect();
        for &bit in &bits {
            system.rows.push([vec![(bit, Fr::ONE)], vec![(bit, Fr::ONE), (0, Fr::ONE.neg())], Vec::new()]);
        }
        // The weighted inputs, minus what the bits spell, plus a bias that makes it vanish.
        let mut combination: Combination = Vec::new();
        for _ in 0..FAN_IN {
            let wire = activations[system.random() as usize % activations.len()];
            let weight = Fr::from_u64(system.random() % 128);
            let signed = if system.random().is_multiple_of(2) { weight } else { weight.neg() };
            combination.push((wire, signed));
        }
        combination.extend(bits.iter().enumerate().map(|(i, &bit)| (bit, Fr::from_u64(1 << i).neg())));
        combination.sort_by_key(|term| term.0);
        combination.dedup_by_key(|term| term.0);
        let bias = system.value_of(&combination).neg();
        combination.insert(0, (0, bias));
        system.linear(combination);
        // ReLU: the top bit gates the eight bits below it.
        let magnitude: Combination =
            bits[BITS - 9..BITS - 1].iter().enumerate().map(|(i, &bit)| (bit, Fr::from_u64(1 << i))).collect();
        let gated = system.product(vec![(bits[BITS - 1], Fr::ONE)], magnitude);
        activations.push(gated);
    }
    let start = system.random_element();
    chain_products(system, start, rows);
}

fn full_width(system: &mut System, rows: usize) {
    let start = system.random_element();
    chain_products(system, start, rows);
}

/// x_(k+1) = (x_k + a) (x_k + b x_(k-1)) with random a, b.
fn chain_products(system: &mut System, start: Fr, rows: usize) {
    let mut previous = 1;
    let mut current = system.wire(start);
    while system.rows.len() < rows {
        let (a, b) = (system.random_element(), system.random_element());
        let next = system.product(vec![(0, a), (current, Fr::ONE)], vec![(previous, b), (current, Fr::ONE)]);
        (previous, current) = (current, next);
    }
}
