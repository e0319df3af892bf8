//! What servers have asked of one client and the client has not answered: our id for it, and whose id that stands for.
//! An answer that nobody waits for must never reach a server, nor one client answer for another.

use crate::account::{Account, Outcome};
use crate::stage::matter::Matter;
use crate::upstream::Lane;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests of servers that one client may owe an answer to; a server that asks for more is refused.
pub const MAX_OUTSTANDING: usize = 64;
/// Cancelled ones that are remembered: their answers may still be on the way.
const MAX_CANCELLED: usize = 64;

/// The open requests of servers to one client.
#[derive(Debug, Default)]
pub struct Outstanding {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    // The last id of ours; one for all members of a session over several servers.
    last_id: Arc<AtomicU64>,
    open: BTreeMap<u64, Open>,
    cancelled: VecDeque<u64>,
    is_closed: bool,
}

/// One open request.
#[derive(Debug)]
pub struct Open {
    /// The way that it came by, and its answer goes.
    pub lane: Lane,
    /// The server's id, raw.
    pub id: Box<str>,
    /// The server's progress token, raw.
    pub progress_token: Option<Box<str>>,
    /// What it is about.
    pub matter: Matter,
    /// Its entry in the books, once it is recorded.
    pub account: Option<Account>,
}

/// Why a request of a server was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// Too many are unanswered, or the session has ended.
    TooMany,
    /// The server has asked with the same id and got no answer yet.
    Duplicate,
}

/// What a client's response is.
#[derive(Debug)]
pub enum Answered {
    /// The answer to this request.
    Open(Box<Open>),
    /// The answer to a request that its server cancelled.
    Cancelled,
    /// The answer to nothing that was asked.
    Unknown,
}

impl Outstanding {
    /// Takes a request; gives the id under which the client sees it.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn take(
        &self,
        lane: &Lane,
        id: &str,
        progress_token: Option<&str>,
        matter: Matter,
    ) -> Result<u64, NotTaken> {
        let mut state = self.lock();
        if state.is_closed || state.open.len() >= MAX_OUTSTANDING {
            return Err(NotTaken::TooMany);
        }
        if state.find(lane, id).is_some() {
            return Err(NotTaken::Duplicate);
        }
        let number = state.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let open = Open {
            lane: lane.clone(),
            id: id.into(),
            progress_token: progress_token.map(Box::from),
            matter,
            account: None,
        };
        state.open.insert(number, open);
        Ok(number)
    }

    /// Takes the ids of ours from here, which others take theirs from too; before any is taken.
    pub fn number_with(&self, last_id: &Arc<AtomicU64>) {
        self.lock().last_id = Arc::clone(last_id);
    }

    /// Whether a client's response, raw, is for a request that was taken here.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let state = self.lock();
        number(id).is_some_and(|number| state.open.contains_key(&number) || state.cancelled.contains(&number))
    }

    /// Notes that the request is recorded; false where it is not open any more.
    pub fn record(&self, number: u64, account: Account) -> bool {
        match self.lock().open.get_mut(&number) {
            Some(open) => {
                open.account = Some(account);
                true
            }
            None => false,
        }
    }

    /// Ends a request that no client was told of; false where it has ended already.
    pub fn forget(&self, number: u64) -> bool {
        let open = self.lock().open.remove(&number);
        open.is_some()
    }

    /// Ends the request that a client's response names, raw.
    #[must_use]
    pub fn answer(&self, id: &str) -> Answered {
        let Some(number) = number(id) else { return Answered::Unknown };
        let mut state = self.lock();
        // Before it is recorded no client has been told of it.
        let is_told = state.open.get(&number).is_some_and(|open| open.account.is_some());
        match is_told.then(|| state.open.remove(&number)).flatten() {
            Some(open) => Answered::Open(Box::new(open)),
            None if state.cancelled.contains(&number) => Answered::Cancelled,
            None => Answered::Unknown,
        }
    }

    /// Ends a request that its server takes back; gives the client's id of it.
    #[must_use]
    pub fn cancel(&self, lane: &Lane, id: &str) -> Option<u64> {
        let mut state = self.lock();
        let number = state.find(lane, id)?;
        let open = state.open.remove(&number);
        if state.cancelled.len() >= MAX_CANCELLED {
            state.cancelled.pop_front();
        }
        state.cancelled.push_back(number);
        drop(state);
        if let Some(mut account) = open.and_then(|open| open.account) {
            account.settle(Outcome::Unknown);
        }
        Some(number)
    }

    /// The way of the request on whose progress a client reports under this token, raw, and its server's token.
    #[must_use]
    pub fn reported(&self, token: &str) -> Option<(Lane, Box<str>)> {
        let state = self.lock();
        let open = state.open.get(&number(token)?)?;
        Some((open.lane.clone(), open.progress_token.clone()?))
    }

    /// Whether the client owes no answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().open.is_empty()
    }

    /// The client is gone: nothing is answered any more.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let open = std::mem::take(&mut state.open);
        drop(state);
        drop(open);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, lane: &Lane, id: &str) -> Option<u64> {
        let is_it = |(_, open): &(&u64, &Open)| *open.id == *id && open.lane.is_same(lane);
        self.open.iter().find(is_it).map(|(number, _)| *number)
    }
}

/// Our own ids are plain numbers; a string that looks like one is not ours.
fn number(raw: &str) -> Option<u64> {
    raw.parse().ok().filter(|number: &u64| number.to_string() == raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::HttpLane;
    use mcp::http::{Clock, Plaintext, Settings, Target, Tls, Upstream};
    use tokio::sync::Semaphore;

    /// Takes and records: only of what is recorded has a client been told.
    fn take(outstanding: &Outstanding, lane: &Lane, id: &str, token: Option<&str>) -> Result<u64, NotTaken> {
        let request = br#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#.to_vec();
        let matter = Matter::of(&mcp::parse_reply(request, &mcp::Caps::default()).unwrap());
        let number = outstanding.take(lane, id, token, matter)?;
        assert!(matches!(outstanding.answer(&number.to_string()), Answered::Unknown), "not recorded yet");
        assert!(outstanding.record(number, Account::none()));
        Ok(number)
    }

    fn lane() -> Lane {
        let target = Target::parse("http://127.0.0.1:1/", Plaintext::LoopbackOnly).unwrap();
        let upstream = Upstream::new(target, Settings::default(), Tls::new(None), Clock::new(|| 0)).unwrap();
        Lane::Http(HttpLane::new(Arc::new(upstream), Arc::new(Semaphore::new(1))))
    }

    #[tokio::test]
    async fn an_answer_is_taken_once_and_only_with_our_id() {
        let (outstanding, lane) = (Outstanding::default(), lane());
        let number = take(&outstanding, &lane, "\"a\"", Some("5")).unwrap();
        assert_eq!(take(&outstanding, &lane, "\"a\"", None), Err(NotTaken::Duplicate));
        for wrong in ["\"a\"", "\"1\"", "2", "01", "1.0"] {
            assert!(matches!(outstanding.answer(wrong), Answered::Unknown), "{wrong}");
        }
        assert_eq!(outstanding.reported("1").unwrap().1.as_ref(), "5");
        let Answered::Open(open) = outstanding.answer(&number.to_string()) else { panic!("not open") };
        assert_eq!(&*open.id, "\"a\"");
        assert!(matches!(outstanding.answer("1"), Answered::Unknown));
        assert!(outstanding.reported("1").is_none() && outstanding.is_empty());
    }

    #[tokio::test]
    async fn only_the_lane_that_asked_takes_it_back() {
        let (outstanding, ours, others) = (Outstanding::default(), lane(), lane());
        let number = take(&outstanding, &ours, "7", None).unwrap();
        assert_eq!(outstanding.cancel(&others, "7"), None);
        assert_eq!(outstanding.cancel(&ours.clone(), "7"), Some(number));
        assert!(matches!(outstanding.answer("1"), Answered::Cancelled));
    }

    #[tokio::test]
    async fn they_are_bounded_and_end_with_the_session() {
        let (outstanding, lane) = (Outstanding::default(), lane());
        let taken =
            (0..100).filter(|id: &u32| take(&outstanding, &lane, &id.to_string(), None).is_ok()).count();
        assert_eq!(taken, MAX_OUTSTANDING);
        outstanding.close();
        assert!(outstanding.is_empty());
        assert_eq!(take(&outstanding, &lane, "x", None), Err(NotTaken::TooMany));
    }
}
