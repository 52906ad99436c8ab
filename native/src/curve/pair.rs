//! Two points to be added, wherever they lie.

use super::{Affine, CurveField};
use crate::field::Place;

/// Where the coordinates of two points lie, which of the two are meant negative (by bits), and which place their sum gets.
#[derive(Clone, Copy)]
pub struct Pair<'a, F> {
    pub x: [Place<'a, F>; 2],
    pub y: [Place<'a, F>; 2],
    pub negative: u8,
    pub to: u32,
}

impl<'a, F: CurveField> Pair<'a, F> {
    /// Of two points' coordinates as a key file stores them.
    #[inline(always)]
    pub fn new([x1, y1]: [&'a [u8]; 2], [x2, y2]: [&'a [u8]; 2], negative: u8, to: usize) -> Self {
        Self { x: [Place::new(x1), Place::new(x2)], y: [Place::new(y1), Place::new(y2)], negative, to: to as u32 }
    }

    #[inline(always)]
    pub fn abscissas(&self) -> [F; 2] {
        [self.x[0].read(), self.x[1].read()]
    }

    /// The ordinates, with their signs, of which most pairs have none.
    #[inline(always)]
    pub fn ordinates(&self) -> [F; 2] {
        let [y1, y2] = [self.y[0].read(), self.y[1].read()];
        if self.negative == 0 {
            return [y1, y2];
        }
        [y1.negate_if(self.negative & 1 == 1), y2.negate_if(self.negative & 2 == 2)]
    }

    #[inline(always)]
    pub fn points(&self) -> (Affine<F>, Affine<F>) {
        let ([x1, x2], [y1, y2]) = (self.abscissas(), self.ordinates());
        (Affine { x: x1, y: y1 }, Affine { x: x2, y: y2 })
    }
}
