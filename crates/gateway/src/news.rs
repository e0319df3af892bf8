//! News of changed lists for one stream: told soon, but never more often than once a second.
//! A server that says it without end must not make a client ask without end.

use policy::{Channel, Hash, Stack};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Pause between two tellings.
const PAUSE: Duration = Duration::from_secs(1);

/// The lists that may change.
pub const LISTS: [&str; 3] = [
    "notifications/tools/list_changed",
    "notifications/resources/list_changed",
    "notifications/prompts/list_changed",
];

/// What one stream has to tell of changed lists.
#[derive(Debug)]
pub struct News {
    pause: Duration,
    waiting: Vec<(&'static str, Vec<u8>)>,
    resting: Option<Pin<Box<Sleep>>>,
}

impl Default for News {
    fn default() -> Self {
        Self { pause: PAUSE, waiting: Vec::new(), resting: None }
    }
}

impl News {
    /// Whether a notification says that a list has changed.
    #[must_use]
    pub fn is_about(method: &str) -> bool {
        LISTS.contains(&method)
    }

    /// Takes such a notification, in the client's bytes; one of the same list that waits already is enough.
    pub fn note(&mut self, method: &str, bytes: Vec<u8>) {
        let waits = self.waiting.iter().any(|(waiting, _)| *waiting == method);
        if let Some(list) = LISTS.into_iter().find(|list| *list == method && !waits) {
            self.waiting.push((list, bytes));
        }
    }

    /// Takes changes that the gateway itself has to tell.
    pub fn note_all(&mut self, methods: impl IntoIterator<Item = &'static str>) {
        for method in methods {
            self.note(method, mcp::requests::notification(method, None));
        }
    }

    /// All that waits, where nothing can be told later.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.waiting).into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// The notifications that may be sent now; waits until there are some. Loses nothing when the future is dropped.
    pub async fn due(&mut self) -> Vec<Vec<u8>> {
        if self.waiting.is_empty() {
            return std::future::pending().await;
        }
        if let Some(resting) = &mut self.resting {
            resting.as_mut().await;
        }
        self.resting = Some(Box::pin(sleep(self.pause)));
        self.take()
    }
}

/// By which policies one client was last shown lists.
#[derive(Debug, Default)]
pub struct Shown {
    last: Mutex<Option<By>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct By {
    policies: Hash,
    resources: bool,
    prompts: bool,
}

impl Shown {
    /// Notes the present policies; gives the lists that may differ from what the client was shown.
    pub fn changed(&self, stack: &Stack) -> Vec<&'static str> {
        let now = By {
            policies: stack.hash(),
            resources: stack.may_open(Channel::Resources),
            prompts: stack.may_open(Channel::Prompts),
        };
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(now);
        let Some(before) = last.filter(|last| last.policies != now.policies) else { return Vec::new() };
        let may_differ = [true, before.resources || now.resources, before.prompts || now.prompts];
        LISTS.into_iter().zip(may_differ).filter(|(_, differs)| *differs).map(|(list, _)| list).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_storm_is_told_once_and_what_came_meanwhile_after_a_pause() {
        let mut news = News { pause: Duration::from_secs(3_600), ..News::default() };
        let storm = |news: &mut News| {
            for _ in 0..1_000 {
                news.note_all([LISTS[0]]);
                news.note(LISTS[2], b"x".to_vec());
            }
        };
        storm(&mut news);
        assert_eq!(news.due().await.len(), 2);
        assert!(is_quiet(&mut news).await, "there is nothing more to tell");
        storm(&mut news);
        assert!(is_quiet(&mut news).await, "the pause has not passed");
        news.resting = Some(Box::pin(sleep(Duration::ZERO)));
        assert_eq!(news.due().await.len(), 2, "and nothing was lost by asking");
    }

    async fn is_quiet(news: &mut News) -> bool {
        tokio::select! {
            biased;
            _ = news.due() => false,
            () = std::future::ready(()) => true,
        }
    }

    #[test]
    fn only_other_policies_are_news_and_only_of_lists_that_may_differ() {
        let stack = |text: &str| {
            let policy = policy::load("p", text.as_bytes().to_vec()).unwrap();
            Stack::new(vec![std::sync::Arc::new(policy)])
        };
        let (deny, hide, allow) = (
            stack(r#"{"version":"1","default":"deny"}"#),
            stack(r#"{"version":"1","default":"deny","hide":["x"]}"#),
            stack(r#"{"version":"1","default":"allow"}"#),
        );
        let shown = Shown::default();
        assert!(shown.changed(&deny).is_empty() && shown.changed(&deny).is_empty());
        assert_eq!(shown.changed(&hide), LISTS[..1]);
        assert_eq!(shown.changed(&allow), LISTS);
        assert_eq!(shown.changed(&deny), LISTS);
    }
}
