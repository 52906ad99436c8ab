use super::{Affine, CurveField};

/// Extended Jacobian coordinates; ZZ = 0 is the point at infinity.
#[derive(Clone, Copy, Debug)]
pub struct Xyzz<F> {
    x: F,
    y: F,
    zz: F,
    zzz: F,
}

impl<F: CurveField> Xyzz<F> {
    pub const INFINITY: Self = Self { x: F::ZERO, y: F::ZERO, zz: F::ZERO, zzz: F::ZERO };

    #[inline(always)]
    pub fn is_infinity(&self) -> bool {
        self.zz.is_zero()
    }

    pub fn neg(&self) -> Self {
        Self { y: self.y.neg(), ..*self }
    }

    pub fn double(&self) -> Self {
        let u = self.y.double();
        let v = u.square();
        let w = u.mul(&v);
        let s = self.x.mul(&v);
        let xx = self.x.square();
        let m = xx.double().add(&xx);
        let x = m.square().sub(&s.double());
        let y = m.mul(&s.sub(&x)).sub(&w.mul(&self.y));
        Self { x, y, zz: v.mul(&self.zz), zzz: w.mul(&self.zzz) }
    }

    pub fn add_affine(&self, other: &Affine<F>) -> Self {
        if other.is_infinity() {
            return *self;
        }
        if self.is_infinity() {
            return Self::from(*other);
        }
        let u2 = other.x.mul(&self.zz);
        let s2 = other.y.mul(&self.zzz);
        let p = u2.sub(&self.x);
        let r = s2.sub(&self.y);
        if p.is_zero() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        let pp = p.square();
        let ppp = p.mul(&pp);
        let q = self.x.mul(&pp);
        let x = r.square().sub(&ppp).sub(&q.double());
        let y = r.mul(&q.sub(&x)).sub(&self.y.mul(&ppp));
        Self { x, y, zz: self.zz.mul(&pp), zzz: self.zzz.mul(&ppp) }
    }

    pub fn add(&self, other: &Self) -> Self {
        if other.is_infinity() {
            return *self;
        }
        if self.is_infinity() {
            return *other;
        }
        let u1 = self.x.mul(&other.zz);
        let u2 = other.x.mul(&self.zz);
        let s1 = self.y.mul(&other.zzz);
        let s2 = other.y.mul(&self.zzz);
        let p = u2.sub(&u1);
        let r = s2.sub(&s1);
        if p.is_zero() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        let pp = p.square();
        let ppp = p.mul(&pp);
        let q = u1.mul(&pp);
        let x = r.square().sub(&ppp).sub(&q.double());
        let y = r.mul(&q.sub(&x)).sub(&s1.mul(&ppp));
        Self { x, y, zz: self.zz.mul(&other.zz).mul(&pp), zzz: self.zzz.mul(&other.zzz).mul(&ppp) }
    }

    /// Times a canonical scalar, by 4-bit windows.
    pub fn times(&self, scalar: &[u64; 4]) -> Self {
        let mut multiples = [Self::INFINITY; 16];
        for i in 1..16 {
            multiples[i] = multiples[i - 1].add(self);
        }
        let mut sum = Self::INFINITY;
        for limb in scalar.iter().rev() {
            for nibble in (0..16).rev() {
                sum = sum.double().double().double().double();
                sum = sum.add(&multiples[(limb >> (4 * nibble)) as usize & 15]);
            }
        }
        sum
    }

    pub fn to_affine(&self) -> Affine<F> {
        if self.is_infinity() {
            return Affine::INFINITY;
        }
        // zzz = Z^3 and zz = Z^2, so zz / zzz = 1/Z.
        let zzz_inverse = self.zzz.inverse();
        let z_inverse = self.zz.mul(&zzz_inverse);
        Affine { x: self.x.mul(&z_inverse.square()), y: self.y.mul(&zzz_inverse) }
    }
}

impl<F: CurveField> From<Affine<F>> for Xyzz<F> {
    fn from(point: Affine<F>) -> Self {
        if point.is_infinity() {
            return Self::INFINITY;
        }
        Self { x: point.x, y: point.y, zz: F::ONE, zzz: F::ONE }
    }
}
