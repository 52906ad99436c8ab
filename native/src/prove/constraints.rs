//! A w and B w, the values of every constraint's two linear combinations, straight from a key's coefficient records.
//!
//! The trap: a record's value carries R^2, so its Montgomery product with a canonical witness value is the product in
//! Montgomery form; no conversion of either side is needed.

use crate::field::{Field, Fr};
use crate::formats::ZkeyView;
use rayon::prelude::*;
use thiserror::Error;

const RECORD: usize = 44;
/// Rows that one task evaluates.
const TASK_ROWS: usize = 1 << 10;

/// A record of section 4 that points outside the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "coefficient {record} of the key is for matrix {matrix}, constraint {constraint}, wire {wire}: outside the circuit"
)]
pub struct CoefficientError {
    pub record: usize,
    pub matrix: u32,
    pub constraint: u32,
    pub wire: u32,
}

/// Where each row's records lie.
pub struct Rows {
    /// Records by row, if the file does not have them in that order.
    order: Option<Vec<u32>>,
    /// starts[k] is the first record of row k * TASK_ROWS; one more for the end.
    starts: Vec<u32>,
}

#[inline(always)]
fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

#[inline(always)]
fn record(coeffs: &[u8], index: usize) -> &[u8] {
    &coeffs[index * RECORD..(index + 1) * RECORD]
}

impl Rows {
    pub fn new(key: &ZkeyView<'_>) -> Result<Self, CoefficientError> {
        let count = key.coeffs.len() / RECORD;
        let outside = key
            .coeffs
            .par_chunks_exact(RECORD)
            .with_min_len(1 << 12)
            .position_first(|r| word(r, 0) > 1 || word(r, 4) >= key.domain_size || word(r, 8) >= key.n_vars);
        if let Some(index) = outside {
            let r = record(key.coeffs, index);
            return Err(CoefficientError {
                record: index,
                matrix: word(r, 0),
                constraint: word(r, 4),
                wire: word(r, 8),
            });
        }
        let row_of = |index: u32| word(record(key.coeffs, index as usize), 4);
        let sorted = (1..count).into_par_iter().with_min_len(1 << 12).all(|i| row_of(i as u32 - 1) <= row_of(i as u32));
        let order = (!sorted).then(|| {
            let mut order: Vec<u32> = (0..count as u32).collect();
            order.par_sort_by_key(|&index| row_of(index));
            order
        });
        let row_at = |position: usize| row_of(order.as_ref().map_or(position as u32, |order| order[position]));
        let tasks = (key.domain_size as usize).div_ceil(TASK_ROWS);
        let starts = (0..=tasks)
            .map(|task| {
                let row = (task * TASK_ROWS) as u32;
                // Binary search over records.
                let (mut low, mut high) = (0, count);
                while low < high {
                    let middle = (low + high) / 2;
                    if row_at(middle) < row {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                low as u32
            })
            .collect();
        Ok(Self { order, starts })
    }

    /// (A w, B w) in constraint order.
    pub fn evaluate(&self, key: &ZkeyView<'_>, witness: &[[u64; 4]]) -> (Vec<Fr>, Vec<Fr>) {
        let mut a = vec![Fr::ZERO; key.domain_size as usize];
        let mut b = vec![Fr::ZERO; key.domain_size as usize];
        a.par_chunks_mut(TASK_ROWS).zip(b.par_chunks_mut(TASK_ROWS)).enumerate().for_each(|(task, (a, b))| {
            for position in self.starts[task]..self.starts[task + 1] {
                let index = self.order.as_ref().map_or(position, |order| order[position as usize]);
                let r = record(key.coeffs, index as usize);
                let value = witness[word(r, 8) as usize];
                if value == [0; 4] {
                    continue;
                }
                let product = Fr::read(&r[12..]).mul(&Fr::from_montgomery(value));
                let row = word(r, 4) as usize % TASK_ROWS;
                let sum = if word(r, 0) == 0 { &mut a[row] } else { &mut b[row] };
                *sum = sum.add(&product);
            }
        });
        (a, b)
    }
}
