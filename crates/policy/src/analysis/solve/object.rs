//! Objects with the members that are demanded, and no others.

use super::{Filled, Solved, Solver};
use crate::analysis::store::{Node, Store, other_spelling};

impl Solver {
    /// An object. Its members do not depend on each other.
    pub(super) fn object(&mut self, store: &Store<'_>, node: &Node<'_>) -> Solved<String> {
        let mut text = Vec::new();
        let mut writer = json::ObjectWriter::begin(&mut text);
        let mut gave_up = None;
        for (name, member) in &node.members {
            match self.fill(store, *member) {
                Solved::Found(Filled::Absent) => {}
                Solved::Found(Filled::Json(value)) => {
                    writer.raw(name, &value);
                }
                Solved::Found(Filled::OtherSpelling) => {
                    if let Some(other) = other_spelling(name) {
                        writer.raw(&other, "0");
                    }
                }
                Solved::Impossible => return Solved::Impossible,
                Solved::GaveUp(why) => gave_up = Some(why),
            }
        }
        writer.end();
        match (gave_up, String::from_utf8(text)) {
            (None, Ok(text)) => Solved::Found(text),
            (Some(why), _) => Solved::GaveUp(why),
            (None, Err(_)) => Solved::GaveUp(super::NOT_MET),
        }
    }
}
