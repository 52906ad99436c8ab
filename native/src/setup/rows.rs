//! A circuit's constraints as setup reads them: once, in order, a batch of rows at a time. Those of a large network take
//! gigabytes, and nothing here needs more than one batch in memory.
//!
//! The trap: a batch may come from a caller's memory, not from a file that was checked. [`RowReader`] looks at every
//! index before anybody uses it.

use super::SetupError;
use crate::control::Control;
use crate::field::{is_below, limbs_from_bytes, subtract, FpParams, FrParams};
use crate::formats::r1cs::Constraint;
use crate::formats::R1csView;
use std::collections::HashMap;

/// Counts of a circuit; the public wires come after wire 0, the constant one.
#[derive(Clone, Copy, Debug)]
pub struct CircuitSizes {
    pub n_wires: u32,
    pub n_public: u32,
    pub n_constraints: u32,
}

/// What is wrong with a coefficient that is no field element.
pub const NOT_BELOW_R: &str = "have a coefficient that is not below the field's prime";

/// Where rows come from.
pub trait RowSource {
    fn sizes(&self) -> CircuitSizes;
    /// The next rows; `None` behind the last one.
    fn next(&mut self, control: &Control<'_>) -> Result<Option<Batch<'_>>, SetupError>;
}

/// Consecutive rows of the three matrices.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub a: &'a SparseRows,
    pub b: &'a SparseRows,
    pub c: &'a SparseRows,
    /// All coefficients that have come so far.
    pub coefficients: &'a [Coefficient],
}

/// Rows of one matrix, compressed: row i is entries offsets[i] to offsets[i + 1].
#[derive(Clone, Debug)]
pub struct SparseRows {
    pub offsets: Vec<u32>,
    pub wires: Vec<u32>,
    /// Of each entry, the position of its coefficient.
    pub values: Vec<u32>,
}

impl Default for SparseRows {
    fn default() -> Self {
        Self { offsets: vec![0], wires: Vec::new(), values: Vec::new() }
    }
}

impl SparseRows {
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// (wire, position of the coefficient) of a row's entries.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, u32)> + '_ {
        let range = self.offsets[row] as usize..self.offsets[row + 1] as usize;
        self.wires[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    fn clear(&mut self) {
        self.offsets.truncate(1);
        self.wires.clear();
        self.values.clear();
    }

    fn check(&self, sizes: &CircuitSizes, coefficients: usize) -> Result<(), &'static str> {
        if self.offsets.first() != Some(&0) || self.offsets.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err("have rows that do not follow each other");
        }
        let entries = self.offsets[self.offsets.len() - 1] as usize;
        if self.wires.len() != entries || self.values.len() != entries {
            return Err("have rows and entries that do not fit each other");
        }
        if self.wires.iter().any(|&wire| wire >= sizes.n_wires) {
            return Err("speak of a wire that the circuit does not have");
        }
        if self.values.iter().any(|&value| value as usize >= coefficients) {
            return Err("speak of a coefficient that they do not give");
        }
        Ok(())
    }
}

/// A coefficient as its size and sign: what is nearer to r than to zero is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficient {
    pub magnitude: [u64; 4],
    pub negative: bool,
}

impl Coefficient {
    pub const ONE: Self = Self { magnitude: [1, 0, 0, 0], negative: false };

    /// None where the number is not below r.
    pub fn new(canonical: [u64; 4]) -> Option<Self> {
        if !is_below(&canonical, &FrParams::MODULUS) {
            return None;
        }
        let (opposite, _) = subtract(&FrParams::MODULUS, &canonical);
        let negative = is_below(&opposite, &canonical);
        Some(Self { magnitude: if negative { opposite } else { canonical }, negative })
    }

    /// The number below r.
    pub fn canonical(&self) -> [u64; 4] {
        if self.negative {
            subtract(&FrParams::MODULUS, &self.magnitude).0
        } else {
            self.magnitude
        }
    }
}

/// The rows of a source, each batch checked.
pub struct RowReader<'s> {
    source: &'s mut dyn RowSource,
    sizes: CircuitSizes,
    done: usize,
}

/// A batch, and the number of its first row.
pub type Numbered<'a> = (usize, Batch<'a>);

impl<'s> RowReader<'s> {
    pub fn new(source: &'s mut dyn RowSource) -> Result<Self, SetupError> {
        let sizes = source.sizes();
        if sizes.n_public >= sizes.n_wires {
            return Err(SetupError::Rows("have more public wires than wires"));
        }
        Ok(Self { source, sizes, done: 0 })
    }

    /// Share of the rows that were read, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.done as f64 / f64::from(self.sizes.n_constraints.max(1))
    }

    pub fn next(&mut self, control: &Control<'_>) -> Result<Option<Numbered<'_>>, SetupError> {
        control.check()?;
        let first = self.done;
        let Some(batch) = self.source.next(control)? else {
            if first != self.sizes.n_constraints as usize {
                return Err(SetupError::Rows("end before the last row"));
            }
            return Ok(None);
        };
        let rows = batch.a.rows();
        if batch.b.rows() != rows || batch.c.rows() != rows {
            return Err(SetupError::Rows("have matrices with different numbers of rows"));
        }
        if rows > self.sizes.n_constraints as usize - first {
            return Err(SetupError::Rows("have more rows than were announced"));
        }
        for matrix in [batch.a, batch.b, batch.c] {
            matrix.check(&self.sizes, batch.coefficients.len()).map_err(SetupError::Rows)?;
        }
        self.done += rows;
        Ok(Some((first, batch)))
    }
}

/// The rows of a `.r1cs`.
pub struct FileRows<'a> {
    sizes: CircuitSizes,
    constraints: Box<dyn Iterator<Item = Constraint<'a>> + 'a>,
    rows: [SparseRows; 3],
    table: CoefficientTable,
}

/// Entries after which a batch from a file ends.
const BATCH: usize = 1 << 20;

impl<'a> FileRows<'a> {
    pub fn new(r1cs: &R1csView<'a>) -> Self {
        let sizes =
            CircuitSizes { n_wires: r1cs.n_wires, n_public: r1cs.n_public(), n_constraints: r1cs.n_constraints };
        let constraints = Box::new(r1cs.constraints());
        Self { sizes, constraints, rows: Default::default(), table: CoefficientTable::default() }
    }
}

impl RowSource for FileRows<'_> {
    fn sizes(&self) -> CircuitSizes {
        self.sizes
    }

    fn next(&mut self, _control: &Control<'_>) -> Result<Option<Batch<'_>>, SetupError> {
        self.rows.iter_mut().for_each(SparseRows::clear);
        let mut entries = 0;
        while entries < BATCH {
            let Some(row) = self.constraints.next() else { break };
            for (rows, combination) in self.rows.iter_mut().zip([row.a, row.b, row.c]) {
                for (wire, value) in combination.terms() {
                    rows.wires.push(wire);
                    rows.values.push(self.table.position(limbs_from_bytes(value))?);
                }
                rows.offsets.push(rows.wires.len() as u32);
                entries += combination.len();
            }
        }
        let [a, b, c] = &self.rows;
        Ok((a.rows() > 0).then_some(Batch { a, b, c, coefficients: &self.table.coefficients }))
    }
}

/// The distinct coefficients of a file.
#[derive(Default)]
struct CoefficientTable {
    coefficients: Vec<Coefficient>,
    /// Positions of those of at most 16 bits, plus one, positive and negative ones in turn: nearly all are such.
    small: Vec<u32>,
    large: HashMap<[u64; 4], u32>,
}

const SMALL: usize = 1 << 16;

impl CoefficientTable {
    fn position(&mut self, value: [u64; 4]) -> Result<u32, SetupError> {
        let coefficient = Coefficient::new(value).ok_or(SetupError::Rows(NOT_BELOW_R))?;
        let [low, rest @ ..] = coefficient.magnitude;
        if rest != [0; 3] || low >= SMALL as u64 {
            return Ok(*self.large.entry(value).or_insert_with(|| add(&mut self.coefficients, coefficient)));
        }
        if self.small.is_empty() {
            self.small = vec![0; 2 * SMALL];
        }
        let place = &mut self.small[2 * low as usize + usize::from(coefficient.negative)];
        if *place == 0 {
            *place = add(&mut self.coefficients, coefficient) + 1;
        }
        Ok(*place - 1)
    }
}

fn add(coefficients: &mut Vec<Coefficient>, coefficient: Coefficient) -> u32 {
    coefficients.push(coefficient);
    coefficients.len() as u32 - 1
}
