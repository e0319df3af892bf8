//! What is wrong with an expression, and where in its text.
//! Said when the document loads; nothing here is about values of calls.

/// One problem of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where it is, in bytes of the expression.
    pub(crate) offset: usize,
    pub(crate) message: String,
    /// What was probably meant.
    pub(crate) meant: Option<String>,
    /// Whether a name is not known.
    pub(crate) is_unknown: bool,
}

impl Mistake {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), meant: None, is_unknown: false }
    }

    /// The same about a name that is not known.
    pub(super) fn unknown(offset: usize, message: impl Into<String>) -> Self {
        Self { is_unknown: true, ..Self::new(offset, message) }
    }

    pub(super) fn meant(mut self, meant: Option<impl Into<String>>) -> Self {
        self.meant = meant.map(Into::into);
        self
    }
}
