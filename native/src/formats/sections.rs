//! iden3's container, shared by `.r1cs`, `.wtns`, `.zkey` and `.ptau`: magic, version, count, then sections of
//! (type u32, size u64, bytes), all little-endian (iden3/r1csfile, doc/r1cs_bin_format.md; snarkjs `binfileutils`).
//!
//! The trap: sizes are 64-bit and come from the file. Every addition is checked and compared with what is left before
//! a slice is taken, so a lying size is an error, not a panic or a huge allocation.

use super::error::{FormatError, FormatErrorKind as Kind, Place};

/// Sections of one file by type. Types above 31 do not occur in these formats and are skipped.
pub(crate) struct Sections<'a, 'n> {
    place: Place<'n>,
    by_type: [Option<&'a [u8]>; 32],
}

impl<'a, 'n> Sections<'a, 'n> {
    /// Splits `bytes` after checking magic and version. Bytes after the last section are an error.
    pub fn split(file: &'n str, bytes: &'a [u8], magic: &[u8; 4], version: u32) -> Result<Self, FormatError> {
        let place = Place::new(file);
        let mut reader = Reader::new(place, bytes);
        if reader.take(4)? != magic {
            let wanted = String::from_utf8_lossy(magic);
            return Err(place.error(Kind::WrongMagic, format!("does not begin with '{wanted}': it is not such a file")));
        }
        let found = reader.u32()?;
        if found != version {
            return Err(place.error(Kind::WrongVersion, format!("format version {found}, this reader knows {version}")));
        }
        let count = reader.u32()?;
        let mut by_type = [None; 32];
        for index in 0..count {
            let kind = reader.u32()?;
            let size = reader.u64()?;
            let left = reader.left() as u64;
            if size > left {
                return Err(place.error(
                    Kind::Truncated,
                    format!("section {index} (type {kind}) announces {size} bytes, {left} are left"),
                ));
            }
            let content = reader.take(size as usize)?;
            if let Some(slot) = by_type.get_mut(kind as usize) {
                if slot.is_some() {
                    return Err(place.error(Kind::DuplicateSection, format!("section type {kind} occurs twice")));
                }
                *slot = Some(content);
            }
        }
        if reader.left() != 0 {
            return Err(place.error(Kind::SectionSize, format!("{} bytes follow the last section", reader.left())));
        }
        Ok(Self { place, by_type })
    }

    /// A section that may be absent.
    pub fn find(&self, kind: usize) -> Option<&'a [u8]> {
        self.by_type.get(kind).copied().flatten()
    }

    pub fn at(&self, section: &'static str) -> Place<'n> {
        self.place.within(section)
    }

    pub fn require(&self, kind: usize, section: &'static str) -> Result<&'a [u8], FormatError> {
        self.find(kind)
            .ok_or_else(|| self.at(section).error(Kind::MissingSection, format!("section type {kind} is missing")))
    }

    /// A section of exactly `count` items of `size` bytes.
    pub fn table(&self, kind: usize, section: &'static str, count: u64, size: u64) -> Result<&'a [u8], FormatError> {
        let content = self.require(kind, section)?;
        let expected = count.checked_mul(size);
        if expected != Some(content.len() as u64) {
            let reason = format!("{} bytes, the header implies {count} items of {size} bytes", content.len());
            return Err(self.at(section).error(Kind::SectionSize, reason));
        }
        Ok(content)
    }

    /// A reader over a required section.
    pub fn reader(&self, kind: usize, section: &'static str) -> Result<Reader<'a, 'n>, FormatError> {
        Ok(Reader::new(self.at(section), self.require(kind, section)?))
    }
}

/// A cursor that refuses to read past the end.
pub(crate) struct Reader<'a, 'n> {
    pub place: Place<'n>,
    bytes: &'a [u8],
}

impl<'a, 'n> Reader<'a, 'n> {
    pub fn new(place: Place<'n>, bytes: &'a [u8]) -> Self {
        Self { place, bytes }
    }

    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        if count > self.bytes.len() {
            let reason = format!("ends early: {count} more bytes expected, {} are left", self.bytes.len());
            return Err(self.place.error(Kind::Truncated, reason));
        }
        let (head, tail) = self.bytes.split_at(count);
        self.bytes = tail;
        Ok(head)
    }

    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], FormatError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.place.error(Kind::Truncated, "ends early"))
    }

    pub fn u32(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(*self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, FormatError> {
        Ok(u64::from_le_bytes(*self.array()?))
    }

    /// A field's description: byte length, then the prime, which must be `expected`.
    pub fn prime(&mut self, expected: &[u8; 32], name: &str) -> Result<(), FormatError> {
        let length = self.u32()?;
        if length != 32 {
            return Err(self.place.error(Kind::WrongPrime, format!("{name} has {length} bytes, BN254's has 32")));
        }
        if self.array::<32>()? != expected {
            return Err(self
                .place
                .error(Kind::WrongPrime, format!("{name} is not BN254's: the file is for another curve")));
        }
        Ok(())
    }

    /// Nothing may follow what was read.
    pub fn end(&self) -> Result<(), FormatError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(self.place.error(Kind::SectionSize, format!("{} bytes more than its content", self.bytes.len())))
    }
}
