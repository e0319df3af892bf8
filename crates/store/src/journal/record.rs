//! The records of the journal. Must never change meaning under one format version.

use crate::clock::BootId;
use crate::counters::{KeyId, Settled, Unit};
use crate::journal::codec::{Reader, put_amount, put_text, put_u64, put_window};
use crate::time::Timestamp;
use crate::timeline::Mark;
use crate::window::Window;
use json::Decimal;

const MARK: u8 = 1;
const KEY: u8 = 2;
const RESERVE: u8 = 3;
const USED: u8 = 4;
const GIVEN_BACK: u8 = 5;
const HISTORY: u8 = 6;
const COMPLETE: u8 = 7;

/// How a call's reservation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The units count from this time on.
    Used(Timestamp),
    /// The units were given back.
    GivenBack,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// A run of the gateway begins, in a boot.
    Mark {
        /// The run.
        run: u64,
        /// Its timeline.
        mark: Mark,
    },
    /// A counter's number, one of its windows, and its key.
    Key { id: KeyId, window: Window, text: &'a str },
    /// A call of the present run reserves.
    Reserve { n: u64, units: Vec<(KeyId, Decimal)> },
    /// A call's reservation ends.
    End { n: u64, ending: Ending },
    /// Used units of a counter, in snapshots.
    History { id: KeyId, units: Vec<Settled> },
    /// The snapshot that a file begins with is whole.
    Complete,
}

/// Appends the start of a run.
pub(crate) fn put_mark(out: &mut Vec<u8>, run: u64, mark: &Mark) {
    out.push(MARK);
    put_u64(out, run);
    put_u64(out, mark.offset_ns);
    put_text(out, mark.boot.as_str());
}

/// Appends the end of a snapshot.
pub(crate) fn put_complete(out: &mut Vec<u8>) {
    out.push(COMPLETE);
}

/// Appends a counter's key with one of its windows.
pub(crate) fn put_key(out: &mut Vec<u8>, id: KeyId, window: Window, text: &str) {
    out.push(KEY);
    put_u64(out, id.0);
    put_window(out, window);
    put_text(out, text);
}

/// Appends a reservation.
pub(crate) fn put_reserve(out: &mut Vec<u8>, n: u64, units: &[Unit]) {
    put_amounts(out, n, units.iter().map(|unit| (unit.id, &unit.amount)));
}

/// Appends a reservation from its parts.
pub(crate) fn put_amounts<'a>(
    out: &mut Vec<u8>,
    n: u64,
    units: impl ExactSizeIterator<Item = (KeyId, &'a Decimal)>,
) {
    out.push(RESERVE);
    put_u64(out, n);
    put_u64(out, units.len() as u64);
    for (id, amount) in units {
        put_u64(out, id.0);
        put_amount(out, amount);
    }
}

/// Appends the end of a reservation.
pub(crate) fn put_end(out: &mut Vec<u8>, n: u64, ending: Ending) {
    match ending {
        Ending::Used(at) => {
            out.push(USED);
            put_u64(out, n);
            put_u64(out, at.as_ms());
        }
        Ending::GivenBack => {
            out.push(GIVEN_BACK);
            put_u64(out, n);
        }
    }
}

/// Appends used units.
pub(crate) fn put_history(out: &mut Vec<u8>, id: KeyId, units: &[&Settled]) {
    out.push(HISTORY);
    put_u64(out, id.0);
    put_u64(out, units.len() as u64);
    for unit in units {
        put_u64(out, unit.at.as_ms());
        put_amount(out, &unit.amount);
    }
}

impl<'a> Record<'a> {
    /// Reads the next record; nothing when it is none that this format has.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.byte()? {
            MARK => {
                let (run, offset_ns) = (reader.u64()?, reader.u64()?);
                Self::Mark { run, mark: Mark { offset_ns, boot: BootId::new(reader.text()?) } }
            }
            KEY => Self::Key { id: KeyId(reader.u64()?), window: reader.window()?, text: reader.text()? },
            RESERVE => {
                let n = reader.u64()?;
                let units = list(reader, |reader| Some((KeyId(reader.u64()?), reader.amount()?)))?;
                Self::Reserve { n, units }
            }
            USED => {
                let n = reader.u64()?;
                Self::End { n, ending: Ending::Used(Timestamp::from_ms(reader.u64()?)) }
            }
            GIVEN_BACK => Self::End { n: reader.u64()?, ending: Ending::GivenBack },
            HISTORY => {
                let id = KeyId(reader.u64()?);
                let unit = |reader: &mut Reader<'a>| {
                    Some(Settled { at: Timestamp::from_ms(reader.u64()?), amount: reader.amount()? })
                };
                Self::History { id, units: list(reader, unit)? }
            }
            COMPLETE => Self::Complete,
            _ => return None,
        })
    }
}

fn list<'a, T>(
    reader: &mut Reader<'a>,
    mut item: impl FnMut(&mut Reader<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let n_items = reader.u64()?;
    (0..n_items).map(|_| item(reader)).collect()
}
