//! The events of a stream that a later connection may still need, within bounds of number and bytes.
//! It must never hold more than its grant has room for; the oldest go first.

use crate::large::{Large, Room};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events of one stream.
const MAX_EVENTS: usize = 256;
/// Bytes of them: most replies have less.
pub const MAX_BYTES: usize = 1 << 20;

/// The kept events, framed.
#[derive(Debug, Default)]
pub struct Kept {
    events: VecDeque<(u64, Bytes)>,
    n_bytes: usize,
    room: Room,
}

impl Kept {
    /// Keeps one more event, which is at most [`MAX_BYTES`] long; where the grant has no room for it, only that one
    /// is not kept. Older ones go as long as there are too many.
    pub fn push(&mut self, number: u64, event: Bytes, room: &Large, grant: &Arc<str>) {
        self.n_bytes += event.len();
        self.events.push_back((number, event));
        while self.events.len() > MAX_EVENTS || self.n_bytes > MAX_BYTES {
            self.forget();
        }
        while !self.events.is_empty() && !room.grow(&mut self.room, grant, self.n_bytes) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        if let Some((_, event)) = self.events.pop_front() {
            self.n_bytes -= event.len();
        }
    }

    /// The events behind that number, in order.
    pub fn behind(&self, number: u64) -> impl Iterator<Item = (u64, Bytes)> {
        self.events.iter().filter(move |(at, _)| *at > number).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let (room, grant) = (Large::strict(4 << 20), "a".into());
        let mut kept = Kept::default();
        for number in 1..=MAX_EVENTS as u64 + 3 {
            kept.push(number, Bytes::from_static(b"x"), &room, &grant);
        }
        assert_eq!(kept.behind(0).next().map(|(number, _)| number), Some(4));
        assert_eq!(kept.behind(258).map(|(number, _)| number).collect::<Vec<_>>(), [259]);
        kept.push(300, vec![b'x'; MAX_BYTES - 1].into(), &room, &grant);
        assert_eq!(kept.behind(0).map(|(number, _)| number).collect::<Vec<_>>(), [259, 300]);
    }

    #[test]
    fn a_grant_has_so_much_room_for_all_its_streams() {
        let (room, grant) = (Large::strict(1 << 20), Arc::<str>::from("a"));
        let (mut first, mut second) = (Kept::default(), Kept::default());
        first.push(1, vec![b'x'; 700 << 10].into(), &room, &grant);
        second.push(1, vec![b'x'; 200 << 10].into(), &room, &grant);
        second.push(2, vec![b'x'; 200 << 10].into(), &room, &grant);
        assert_eq!((first.behind(0).count(), second.behind(0).count()), (1, 1));
        assert!(second.behind(0).all(|(number, _)| number == 2));
        second.push(3, vec![b'x'; 400 << 10].into(), &room, &grant);
        assert_eq!(second.behind(0).count(), 0);
        drop(first);
        second.push(4, vec![b'x'; 400 << 10].into(), &room, &grant);
        assert_eq!(second.behind(0).count(), 1);
    }
}
