//! Many small multi-scalar multiplications over the same points: one for each wire, over the rows that mention it.
//!
//! All wires go through Straus's method in step, so that every addition and doubling is part of a batch of affine
//! ones: a table of each point's first multiples, signed digits from the top window down. A coefficient costs what its
//! magnitude (or that of its negative) has digits, which for weights and ones is next to nothing.

use super::rows::{Coefficient, SparseRows};
use crate::curve::batch::{add_many, sum_groups, Entry, Products, Scratch};
use crate::curve::{Affine, CurveField, PointSource};
use rayon::prelude::*;

/// Bits of a digit; digits are -(2^(WIDTH - 1)) to 2^(WIDTH - 1).
const WIDTH: u32 = 4;
const MULTIPLES: usize = 1 << (WIDTH - 1);
/// Terms that one task takes, if no single wire has more.
const TASK_TERMS: usize = 1 << 16;
/// Points whose multiples are made together.
const TABLE_BATCH: usize = 1 << 10;

/// 1 to MULTIPLES times each point, point after point.
pub struct MultiplesTable<F>(Vec<Affine<F>>);

impl<F: CurveField> MultiplesTable<F> {
    pub fn new<S: PointSource<F> + ?Sized>(points: &S, count: usize) -> Self {
        let mut table = vec![Affine::INFINITY; count * MULTIPLES];
        table.par_chunks_mut(TABLE_BATCH * MULTIPLES).enumerate().for_each(|(batch, rows)| {
            let first = batch * TABLE_BATCH;
            let rows_here = rows.len() / MULTIPLES;
            let bases: Vec<_> = (0..rows_here).map(|i| points.get(first + i)).collect();
            for (row, base) in rows.chunks_exact_mut(MULTIPLES).zip(&bases) {
                row[0] = *base;
            }
            let mut products = Products::default();
            for multiple in 1..MULTIPLES {
                let previous: Vec<_> = (0..rows_here).map(|i| rows[i * MULTIPLES + multiple - 1]).collect();
                let put = |i: usize, sum| rows[i * MULTIPLES + multiple] = sum;
                add_many(rows_here, |i| (&previous[i], &bases[i]), put, &mut products);
            }
        });
        Self(table)
    }
}

/// Rows, and the table of the points that belong to them, row by row.
pub type RowPoints<'a, F> = (&'a SparseRows, &'a MultiplesTable<F>);

/// Adds to each wire's sum its entries' coefficients times their rows' points. Indices were checked.
pub fn add_sparse_sums<F: CurveField>(
    sums: &mut [Affine<F>],
    lists: &[RowPoints<'_, F>],
    coefficients: &[Coefficient],
) {
    // Tables are laid end to end in the index space of the gather.
    let tables = Tables(lists.iter().map(|(_, table)| table.0.as_slice()).collect());
    let terms = sort_by_wire(lists);
    let mut tasks = Vec::new();
    let (mut rest, mut first_wire, mut start) = (sums, 0, 0);
    while start < terms.len() {
        let mut end = terms.len().min(start + TASK_TERMS);
        // A wire's terms stay together, in the next task if they are not all of this one's.
        let last = terms[end - 1].wire;
        if terms.get(end).is_some_and(|next| next.wire == last) {
            end = start + terms[start..].partition_point(|term| term.wire < last);
            if end == start {
                end = start + terms[start..].partition_point(|term| term.wire <= last);
            }
        }
        let (first, last) = (terms[start].wire as usize, terms[end - 1].wire as usize);
        let (_, tail) = std::mem::take(&mut rest).split_at_mut(first - first_wire);
        let (out, tail) = tail.split_at_mut(last + 1 - first);
        tasks.push((&terms[start..end], out));
        (rest, first_wire, start) = (tail, last + 1, end);
    }
    tasks.into_par_iter().for_each(|(terms, out)| add_task(&tables, terms, coefficients, out));
}

/// A coefficient times a point, as part of a wire's sum.
#[derive(Clone, Copy)]
struct Term {
    wire: u32,
    point: u32,
    value: u32,
}

struct Tables<'a, F>(Vec<&'a [Affine<F>]>);

impl<F: CurveField> Tables<'_, F> {
    #[inline(always)]
    fn point(&self, mut index: usize) -> &Affine<F> {
        let mut tables = self.0.iter();
        loop {
            let table = tables.next().expect("an index below the sum of the tables' lengths");
            match table.get(index) {
                Some(point) => return point,
                None => index -= table.len(),
            }
        }
    }
}

impl<F: CurveField> PointSource<F> for Tables<'_, F> {
    fn len(&self) -> usize {
        self.0.iter().map(|table| table.len()).sum()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        *self.point(index)
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        self.point(index).coordinates()
    }
}

/// Terms of all lists in the order of their wires, points renumbered to the tables' index space.
fn sort_by_wire<F>(lists: &[RowPoints<'_, F>]) -> Vec<Term> {
    let mut terms = Vec::with_capacity(lists.iter().map(|(rows, _)| rows.wires.len()).sum());
    let mut offset = 0;
    for (rows, table) in lists {
        for row in 0..rows.rows() {
            terms.extend(rows.row(row).map(|(wire, value)| Term { wire, point: row as u32 + offset, value }));
        }
        offset += (table.0.len() / MULTIPLES) as u32;
    }
    terms.par_sort_unstable_by_key(|term| term.wire);
    terms
}

/// Adds the terms to the sums of their wires, the first of which is that of the first term.
fn add_task<F: CurveField>(
    tables: &Tables<'_, F>,
    terms: &[Term],
    coefficients: &[Coefficient],
    sums: &mut [Affine<F>],
) {
    let groups: Vec<&[Term]> = terms.chunk_by(|a, b| a.wire == b.wire).collect();
    let bits =
        terms.iter().map(|term| bit_length(&coefficients[term.value as usize].magnitude)).max().unwrap_or_default();
    let mut scratch = Scratch::default();
    let mut products = Products::default();
    let mut out = vec![Affine::INFINITY; groups.len()];
    let mut addends = out.clone();
    let mut entries = Vec::new();
    let mut offsets = Vec::new();
    for window in (0..(bits + 1).div_ceil(WIDTH)).rev() {
        let active: Vec<usize> = (0..out.len()).filter(|&i| !out[i].is_infinity()).collect();
        for _ in 0..WIDTH {
            let current: Vec<_> = active.iter().map(|&i| out[i]).collect();
            add_many(current.len(), |i| (&current[i], &current[i]), |i, sum| out[active[i]] = sum, &mut products);
        }
        entries.clear();
        offsets.clear();
        offsets.push(0u32);
        for group in &groups {
            for term in *group {
                let Coefficient { magnitude, negative } = &coefficients[term.value as usize];
                let digit = signed_digit(magnitude, window);
                if digit != 0 {
                    let index = term.point as usize * MULTIPLES + digit.unsigned_abs() as usize - 1;
                    entries.push(Entry::new(index, (digit < 0) != *negative));
                }
            }
            offsets.push(entries.len() as u32);
        }
        sum_groups(tables, &entries, &offsets, &mut addends, &mut scratch);
        let touched: Vec<usize> = (0..out.len()).filter(|&i| !addends[i].is_infinity()).collect();
        let current: Vec<_> = touched.iter().map(|&i| (out[i], addends[i])).collect();
        add_many(current.len(), |i| (&current[i].0, &current[i].1), |i, sum| out[touched[i]] = sum, &mut products);
    }
    let place = |i: usize| (groups[i][0].wire - terms[0].wire) as usize;
    let before: Vec<_> = (0..groups.len()).map(|i| sums[place(i)]).collect();
    add_many(out.len(), |i| (&before[i], &out[i]), |i, sum| sums[place(i)] = sum, &mut products);
}

fn bit_length(value: &[u64; 4]) -> u32 {
    (0..4).rev().find(|&i| value[i] != 0).map_or(0, |i| 64 * i as u32 + 64 - value[i].leading_zeros())
}

/// The window's bits and the highest bit below them, minus 2^WIDTH if its own highest bit is set (Booth's recoding):
/// digits from -8 to 8 that depend on no other window.
fn signed_digit(value: &[u64; 4], window: u32) -> i32 {
    let bit = |i: u32| value.get((i / 64) as usize).map_or(0, |limb| (limb >> (i % 64)) as i32 & 1);
    let start = window * WIDTH;
    let raw = (0..WIDTH).fold(0, |sum, i| sum + (bit(start + i) << i));
    let below = if start == 0 { 0 } else { bit(start - 1) };
    raw + below - (bit(start + WIDTH - 1) << WIDTH)
}
