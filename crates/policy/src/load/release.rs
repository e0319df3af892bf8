//! `release`: whether a call that was never sent gives back what it reserved.

use super::reader::{Place, Reader};
use crate::limit::Release;
use crate::registry::RELEASES;

/// Reads one of its words.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>) -> Option<Release> {
    match reader.word(place, &RELEASES)? {
        "never" => Some(Release::Never),
        "not_sent" => Some(Release::NotSent),
        _ => None,
    }
}
