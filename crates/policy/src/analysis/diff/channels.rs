//! Differences of the channels besides tool calls. Names and modes are gone through by sorts, so that a proof holds;
//! of URIs examples are tried, and where none differs though the rules do, that is said.

use std::collections::BTreeSet;

use super::{Diff, Direction, RuleRef, Undecided};
use crate::analysis::universe::{Sort, Sorts};
use crate::channel::{Channel, Pattern, Stated};
use crate::decision::Facts;
use crate::policy::{Effect, Policy};
use crate::stack::Stack;

/// A channel, or a part of it, that one side opens and the other does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelChange {
    /// The key of the channel in a document; `methods` for methods outside the protocol.
    pub channel: String,
    /// The URI, name, mode or method; nothing for the channel as a whole.
    pub subject: Option<String>,
    /// Whether the new side opens it; else it closes it.
    pub opens: bool,
}

/// URIs that no document is likely to single out.
const SOME_URIS: [&str; 4] = ["file:///a/b", "https://host.example/a/b", "other:a", "https://10.0.0.1/"];
/// The modes of elicitation.
const MODES: [&str; 2] = ["form", "url"];

pub(super) fn compare(old: &Stack, new: &Stack, found: &mut Diff) {
    for channel in Channel::ALL.into_iter().filter(|channel| *channel != Channel::Input) {
        let mut changes = vec![];
        let facts = Facts::new("local", "server", "");
        let mut look = |subject: Option<&str>| {
            let is_open = |stack: &Stack| stack.judge_channel(channel, &facts, subject).is_ok();
            let (before, after) = (is_open(old), is_open(new));
            if before != after {
                let (channel, subject) = (channel.as_str().to_owned(), subject.map(str::to_owned));
                changes.push(ChannelChange { channel, subject, opens: after });
            }
        };
        look(None);
        let (subjects, are_all) = subjects(channel, &[old, new]);
        subjects.iter().for_each(|subject| look(Some(subject)));
        let is_sure = are_all || said(old, channel) == said(new, channel);
        if changes.is_empty() && !is_sure {
            found.undecided.push(undecided(channel));
        }
        found.channels.append(&mut changes);
    }
    methods(old, new, found);
}

/// Parts of a channel that the documents tell apart, and whether these are all.
fn subjects(channel: Channel, stacks: &[&Stack]) -> (Vec<String>, bool) {
    let patterns: Vec<_> = stacks
        .iter()
        .flat_map(|stack| stack.policies())
        .flat_map(|policy| patterns(policy, channel))
        .collect();
    match channel {
        Channel::Elicitation => (MODES.map(str::to_owned).to_vec(), true),
        Channel::Prompts => {
            let sorts: Vec<_> = patterns.into_iter().map(Sort::Pattern).collect();
            let sorts = Sorts::of(&sorts, &BTreeSet::new(), &["some_prompt"]);
            let are_all = sorts.gave_up.is_none();
            (sorts.names.into_iter().map(|(name, _)| name).collect(), are_all)
        }
        Channel::Resources => {
            let tried = patterns.iter().flat_map(|pattern| uris(&pattern.text));
            let tried: BTreeSet<_> = tried.chain(SOME_URIS.map(str::to_owned)).collect();
            (tried.into_iter().collect(), false)
        }
        Channel::Completion | Channel::Sampling | Channel::Roots | Channel::Tasks | Channel::Input => {
            (Vec::new(), true)
        }
    }
}

/// URIs that a pattern covers, or nearly.
fn uris(pattern: &str) -> Vec<String> {
    if let Some(host) = pattern.strip_prefix("host:") {
        let host = host.replace("*.", "sub.");
        return vec![format!("https://{host}/a"), format!("https://sub.{host}/a"), format!("http://{host}/")];
    }
    let one = pattern.replace("**", "a/b").replace('*', "a");
    vec![format!("{one}/c"), format!("{one}x"), pattern.replace('*', "a"), one]
}

fn patterns(policy: &Policy, channel: Channel) -> Vec<&Pattern> {
    match policy.channels.get(channel) {
        Some(Stated::Parts(parts)) => parts.iter().map(|part| &part.pattern).collect(),
        Some(Stated::Whole(_)) | None => Vec::new(),
    }
}

/// What holds where nothing is stated, and the patterns with what they do.
type Said = (Effect, Option<BTreeSet<(Box<str>, bool)>>);

/// What a stack says of a channel, in any order.
fn said(stack: &Stack, channel: Channel) -> Vec<Said> {
    let of = |policy: &Policy| match policy.channels.get(channel) {
        None => (policy.default(), None),
        Some(Stated::Whole(rule)) => (rule.effect, None),
        Some(Stated::Parts(parts)) => {
            let parts = parts.iter().map(|part| (part.pattern.text.clone(), part.rule.allows()));
            (policy.default(), Some(parts.collect()))
        }
    };
    stack.policies().iter().map(|policy| of(policy)).collect()
}

fn undecided(channel: Channel) -> Undecided {
    Undecided {
        direction: Direction::Opens,
        server: String::new(),
        tool: format!("({})", channel.as_str()),
        rule: RuleRef { rule: format!("/{}", channel.as_str()), pointer: String::new(), policy: None },
        why: "the rules are not the same, and nothing that was tried is decided differently".to_owned(),
    }
}

/// Methods are opened by their exact names only.
fn methods(old: &Stack, new: &Stack, found: &mut Diff) {
    let facts = Facts::new("local", "server", "");
    let all = [old, new].into_iter().flat_map(|stack| stack.policies());
    let names: BTreeSet<&str> =
        all.flat_map(|policy| &policy.channels.methods).map(|part| &*part.pattern.text).collect();
    for name in names {
        let is_open = |stack: &Stack| stack.judge_method(&facts, name).is_ok();
        let (before, after) = (is_open(old), is_open(new));
        if before != after {
            let (channel, subject) = ("methods".to_owned(), Some(name.to_owned()));
            found.channels.push(ChannelChange { channel, subject, opens: after });
        }
    }
}
