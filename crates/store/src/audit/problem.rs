//! What verification finds wrong. Must never quote a record: its bytes are not what was written.

use std::fmt;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The line does not have the layout of a record.
    Malformed,
    /// The record is not what its hash was made of.
    Edited,
    /// The folder's key did not seal it.
    Unsealed,
    /// It does not build on the record before it.
    Unlinked,
    /// It has another number than the one after the record before it.
    Misnumbered {
        /// The number that should follow.
        expected: u64,
    },
    /// It is older than the record before it.
    Backwards,
    /// It ends a call that is not open, or begins one that is.
    Unpaired,
    /// A checkpoint lists other open calls than the records before it.
    OpenDiffers,
    /// The record that a head names is another one.
    HeadDiffers,
    /// The log ends before the record that a head names.
    Cut {
        /// The head's record.
        head: u64,
    },
    /// The statement before the first record was not sealed by the folder's key.
    StatementUnsealed,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("is no record: it was edited or damaged"),
            Self::Edited => f.write_str("was edited: it is not what its hash was made of"),
            Self::Unsealed => f.write_str("was written by somebody else: this folder's key did not seal it"),
            Self::Unlinked => f.write_str("does not build on the record before it"),
            Self::Misnumbered { expected } => {
                write!(f, "stands where record {expected} should: records were dropped, inserted or swapped")
            }
            Self::Backwards => f.write_str("is older than the record before it"),
            Self::Unpaired => f.write_str("ends a call that is not open, or begins one that is"),
            Self::OpenDiffers => f.write_str("lists other open calls than the records before it"),
            Self::HeadDiffers => f.write_str("is not the record that the given head names"),
            Self::Cut { head } => {
                write!(f, "is the last, but the given head names record {head}: the end was cut off")
            }
            Self::StatementUnsealed => {
                f.write_str("follows a statement on removed records that this folder's key did not seal")
            }
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The record's number, as far as it can be read.
    pub seq: Option<u64>,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        match self.seq {
            Some(seq) => write!(f, "record {seq} {}", self.kind),
            None => write!(f, "the line {}", self.kind),
        }
    }
}
