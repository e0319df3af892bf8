//! Cursors of lists as a client holds them: the server's own, sealed for one grant, one server and one method.
//! A cursor that the gateway did not give to this grant for this list must never reach a server.

use crate::exchange::Exchange;
use crate::gateway::Gateway;
use mcp::reply::Reply;
use store::{HandleSeal, Store};

/// For whom and for which list a cursor is good.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The grant.
    pub grant: &'a str,
    /// The id of the server.
    pub server: &'a str,
    /// The method that lists.
    pub method: &'a str,
}

impl<'a> Place<'a> {
    /// The list that a request asks for.
    #[must_use]
    pub fn of(exchange: &'a Exchange) -> Self {
        let method = exchange.message.method().unwrap_or_default();
        Self { grant: &exchange.grant.id, server: &exchange.reach.server.id, method }
    }

    fn seal_of(self, store: &Store, cursor: &str) -> HandleSeal {
        store.seal_handle(&["cursor", self.grant, self.server, self.method, cursor])
    }

    /// What the client gets in place of a server's cursor.
    #[must_use]
    pub fn seal(self, store: &Store, cursor: &str) -> String {
        format!("{}{cursor}", self.seal_of(store, cursor).to_hex())
    }

    /// The server's cursor in what a client presents, if it was sealed for this place.
    #[must_use]
    pub fn open<'c>(self, store: &Store, presented: &'c str) -> Option<&'c str> {
        let (seal, cursor) = presented.split_at_checked(HandleSeal::N_DIGITS)?;
        self.seal_of(store, cursor).is_written(seal).then_some(cursor)
    }

    /// The client's form of the cursor of a page, raw JSON; none on the last page.
    #[must_use]
    pub fn next(self, gateway: &Gateway, page: &Reply) -> Option<String> {
        let cursor = page.next_cursor()?;
        let mut quoted = Vec::new();
        json::write_string(&mut quoted, &self.seal(&gateway.store, &cursor));
        String::from_utf8(quoted).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Options;
    use store::clock::{Clock, ManualClock};

    #[test]
    fn a_cursor_is_good_in_its_place_only_and_after_a_restart_too() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            Store::open(&Options::new(folder.path().join("data")), Clock::Manual(ManualClock::new(1)))
                .unwrap()
        };
        let place = Place { grant: "g", server: "s", method: "tools/list" };
        let store = open();
        let cursors = ["", "2", "é\"", "a longer cursor than a seal, which has 32 hexadecimal digits"];
        let sealed = cursors.map(|cursor| place.seal(&store, cursor));
        let others = [
            Place { grant: "h", ..place },
            Place { server: "t", ..place },
            Place { method: "prompts/list", ..place },
        ];
        for (sealed, cursor) in sealed.iter().zip(cursors) {
            assert_eq!(place.open(&store, sealed), Some(cursor));
            assert!(others.iter().all(|other| other.open(&store, sealed).is_none()));
            assert_eq!(place.open(&store, &format!("{sealed}x")), None);
            assert_eq!(place.open(&store, cursor), None, "a server's own is unknown");
        }
        assert_eq!(place.open(&store, &sealed[1].replace("2", "3")), None);
        store.close();
        drop(store);
        assert_eq!(place.open(&open(), &sealed[1]), Some("2"));
    }
}
