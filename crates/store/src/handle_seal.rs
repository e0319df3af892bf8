//! The seal of something opaque that a client holds for the gateway and presents later.
//! Must never be compared but in constant time, nor be made of anything without the folder's key.

use crate::hex;
use subtle::ConstantTimeEq;

const N_BYTES: usize = 16;

/// The seal of something that a client holds: without the folder's key nobody makes another.
#[derive(Clone, Copy, Debug)]
pub struct HandleSeal([u8; N_BYTES]);

impl HandleSeal {
    /// Hex digits of a seal as a client holds it.
    pub const N_DIGITS: usize = 2 * N_BYTES;

    pub(crate) const fn new(bytes: [u8; N_BYTES]) -> Self {
        Self(bytes)
    }

    /// The seal as hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::text(&self.0)
    }

    /// Whether these hex digits are this seal.
    #[must_use]
    pub fn is_written(&self, digits: &str) -> bool {
        hex::read::<N_BYTES>(digits.as_bytes()).is_some_and(|bytes| self.0.ct_eq(&bytes).into())
    }
}

impl PartialEq for HandleSeal {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::HandleSeal;

    #[test]
    fn a_seal_is_read_only_as_it_was_written() {
        let seal = HandleSeal::new([0xab; 16]);
        let digits = seal.to_hex();
        assert_eq!(digits.len(), HandleSeal::N_DIGITS);
        assert!(seal.is_written(&digits));
        for other in
            [digits.to_uppercase(), digits.replacen('a', "b", 1), format!("{digits}0"), String::new()]
        {
            assert!(!seal.is_written(&other), "{other}");
        }
    }
}
