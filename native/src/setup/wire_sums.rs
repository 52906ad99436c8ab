//! For every wire, the sum over rows of coefficient times a field element of the row: the polynomials of one matrix at tau.
//!
//! Nearly all coefficients are small integers. Their products with field elements are added up as integers of 384 bits,
//! one for each wire, and reduced once at the end: five multiplications of words a term, not the 32 of a field product.

use super::rows::{Coefficient, SparseRows};
use crate::field::{is_below, subtract, Field, FpParams, Fr, FrParams};
use rayon::prelude::*;
use zeroize::Zeroizing;

/// Sums give the row's field elements away, and are wiped.
pub struct WireSums(Zeroizing<Vec<[u64; LIMBS]>>);

/// A term has at most 254 + 64 bits, so 2^66 of them fit, more than circuits have.
const LIMBS: usize = 6;

impl WireSums {
    pub fn new(wires: usize) -> Self {
        Self(Zeroizing::new(vec![[0; LIMBS]; wires]))
    }

    /// Adds the rows' entries; `of_row` has one element a row. Indices were checked.
    pub fn add(&mut self, rows: &SparseRows, of_row: &[Fr], coefficients: &[Coefficient]) {
        let r2 = Fr::from_montgomery(FrParams::R2);
        for (row, element) in (0..rows.rows()).zip(of_row) {
            // In Montgomery form both: a multiple of the form is the form of the multiple.
            let signed = [Zeroizing::new(element.0), Zeroizing::new(element.neg().0)];
            for (wire, value) in rows.row(row) {
                let Coefficient { magnitude, negative } = coefficients[value as usize];
                let sum = &mut self.0[wire as usize];
                let element = &*signed[usize::from(negative)];
                match magnitude {
                    [small, 0, 0, 0] => add_product(sum, element, small),
                    _ => {
                        let lifted = Fr::from_montgomery(*element).mul(&r2);
                        add_product(sum, &Fr::from_montgomery(magnitude).mul(&lifted).0, 1);
                    }
                }
            }
        }
    }

    /// The sums as field elements.
    pub fn reduce(self) -> Zeroizing<Vec<Fr>> {
        let r2 = Fr::from_montgomery(FrParams::R2);
        let reduced = self.0.par_iter().with_min_len(1024).map(|&[l0, l1, l2, l3, h0, h1]| {
            let mut low = [l0, l1, l2, l3];
            while !is_below(&low, &FrParams::MODULUS) {
                low = subtract(&low, &FrParams::MODULUS).0;
            }
            // high * 2^256 = high * R^2 / R
            Fr::from_montgomery(low).add(&Fr::from_montgomery([h0, h1, 0, 0]).mul(&r2))
        });
        Zeroizing::new(reduced.collect())
    }
}

/// sum += element * factor
#[inline(always)]
fn add_product(sum: &mut [u64; LIMBS], element: &[u64; 4], factor: u64) {
    let mut carry = 0u64;
    for i in 0..4 {
        let wide = u128::from(element[i]) * u128::from(factor) + u128::from(sum[i]) + u128::from(carry);
        sum[i] = wide as u64;
        carry = (wide >> 64) as u64;
    }
    let (next, over) = sum[4].overflowing_add(carry);
    sum[4] = next;
    sum[5] += u64::from(over);
}
