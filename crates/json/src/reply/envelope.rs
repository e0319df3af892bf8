//! What a reply's members must be, and the facts that are read from them. Must never let a reply pass that has
//! another id than the request, or members that no reply has.

use super::grammar::{Event, Grammar, Token};
use super::{ReplyErrorKind, ReplyFacts};
use crate::string::unescape;

/// What a token is to the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    None,
    /// Its text is needed when it ends.
    Hold,
    /// The same, and another text goes out in its place.
    Replace,
}

/// A member of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Jsonrpc = 1,
    Id = 2,
    Result = 4,
    Error = 8,
}

/// A member of the result that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    IsError = 16,
    ResultType = 32,
    InputRequests = 64,
    Meta = 128,
}

/// What keys in `result._meta` begin with that only the gateway itself may use, in whatever case.
const PRIVATE_PREFIX: &str = "toolgate/";

/// How far a reply has come.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    expected_id: String,
    member: Option<Member>,
    fact: Option<Fact>,
    /// One bit for each member and fact.
    seen: u8,
    tool_error: bool,
    input_required: bool,
    makes_task: bool,
}

type Checked<T = ()> = Result<T, ReplyErrorKind>;

impl Envelope {
    pub(super) fn new(expected_id: &str) -> Self {
        Self { expected_id: expected_id.to_owned(), ..Self::default() }
    }

    /// A token begins.
    pub(super) fn start(&self, grammar: &Grammar, token: Token) -> Checked<Interest> {
        let is_key = token == Token::Key;
        match grammar.depth() {
            0 => Err(ReplyErrorKind::NotAnObject),
            1 if !is_key && self.member == Some(Member::Id) => Ok(Interest::Replace),
            1 if is_key || self.member == Some(Member::Jsonrpc) => Ok(Interest::Hold),
            2 if self.in_result(grammar) && (is_key || self.fact.is_some()) => Ok(Interest::Hold),
            3 if is_key && self.in_meta(grammar) => Ok(Interest::Hold),
            _ => Ok(Interest::None),
        }
    }

    /// With this many containers open, nothing in them is read.
    pub(super) fn unread_depth(&self, grammar: &Grammar) -> usize {
        match (self.member, self.fact) {
            (Some(Member::Result), Some(Fact::Meta)) if grammar.second_is_object() => 4,
            (Some(Member::Result), _) if grammar.second_is_object() => 3,
            _ => 2,
        }
    }

    /// Whether the innermost container is `result._meta`.
    pub(super) fn in_meta(&self, grammar: &Grammar) -> bool {
        let in_meta = self.member == Some(Member::Result) && self.fact == Some(Fact::Meta);
        in_meta && grammar.depth() == 3 && grammar.second_is_object() && grammar.in_object()
    }

    fn in_result(&self, grammar: &Grammar) -> bool {
        self.member == Some(Member::Result) && grammar.in_object()
    }

    /// A token ends; `text` is how it is written, empty where it is too long to matter.
    pub(super) fn end(&mut self, grammar: &Grammar, token: Token, text: &[u8]) -> Checked {
        let text = std::str::from_utf8(text).unwrap_or_default();
        match (grammar.depth(), token == Token::Key) {
            (1, true) => self.start_member(text),
            (1, false) => self.end_member(text),
            (2, true) if self.in_result(grammar) => self.start_fact(text),
            (3, true) if self.in_meta(grammar) => check_meta(text),
            (2, false) if self.in_result(grammar) => {
                self.end_fact(text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A container opens or has closed.
    pub(super) fn container(&mut self, grammar: &Grammar, event: Event) -> Checked {
        match (event, grammar.depth()) {
            (Event::Open, 1) if !grammar.in_object() => Err(ReplyErrorKind::NotAnObject),
            (Event::Open, 2) if self.member == Some(Member::Id) => Err(ReplyErrorKind::WrongId),
            (Event::Open, 2) if self.member == Some(Member::Jsonrpc) => Err(ReplyErrorKind::WrongVersion),
            // Before the last byte goes out, so that what lacks a member never looks complete.
            (Event::Close, 0) => self.facts(0).map(drop),
            _ => Ok(()),
        }
    }

    fn start_member(&mut self, key: &str) -> Checked {
        let member = match unquote(key).as_ref() {
            "jsonrpc" => Member::Jsonrpc,
            "id" => Member::Id,
            "result" => Member::Result,
            "error" => Member::Error,
            _ => return Err(ReplyErrorKind::UnknownMember),
        };
        self.see(member as u8)?;
        if self.has(Member::Result) && self.has(Member::Error) {
            return Err(ReplyErrorKind::NotOneOutcome);
        }
        self.member = Some(member);
        Ok(())
    }

    fn has(&self, member: Member) -> bool {
        self.seen & member as u8 != 0
    }

    fn end_member(&mut self, text: &str) -> Checked {
        match self.member {
            Some(Member::Jsonrpc) if text != "\"2.0\"" => Err(ReplyErrorKind::WrongVersion),
            Some(Member::Id) if text != self.expected_id => Err(ReplyErrorKind::WrongId),
            Some(Member::Jsonrpc | Member::Id | Member::Result | Member::Error) | None => Ok(()),
        }
    }

    fn start_fact(&mut self, key: &str) -> Checked {
        self.fact = match unquote(key).as_ref() {
            "isError" => Some(Fact::IsError),
            "resultType" => Some(Fact::ResultType),
            "inputRequests" => Some(Fact::InputRequests),
            "_meta" => Some(Fact::Meta),
            _ => None,
        };
        self.fact.map_or(Ok(()), |fact| self.see(fact as u8))
    }

    /// Notes that a member or fact was there.
    fn see(&mut self, bit: u8) -> Checked {
        if self.seen & bit != 0 {
            return Err(ReplyErrorKind::DuplicateMember);
        }
        self.seen |= bit;
        Ok(())
    }

    fn end_fact(&mut self, text: &str) {
        match self.fact {
            Some(Fact::IsError) => self.tool_error = text == "true",
            Some(Fact::ResultType) => {
                let kind = unquote(text);
                self.input_required = kind == "input_required";
                self.makes_task = kind == "task";
            }
            Some(Fact::InputRequests | Fact::Meta) | None => {}
        }
    }

    /// Whether the result asks the client for input, as far as it was read.
    pub(super) fn asks_for_input(&self) -> bool {
        self.input_required || self.seen & Fact::InputRequests as u8 != 0
    }

    /// Whether the result is a new task, as far as it was read.
    pub(super) fn makes_task(&self) -> bool {
        self.makes_task
    }

    /// What is known at the end.
    pub(super) fn facts(&self, bytes: u64) -> Checked<ReplyFacts> {
        if !self.has(Member::Jsonrpc) {
            return Err(ReplyErrorKind::WrongVersion);
        }
        if !self.has(Member::Id) {
            return Err(ReplyErrorKind::WrongId);
        }
        if !self.has(Member::Result) && !self.has(Member::Error) {
            return Err(ReplyErrorKind::NotOneOutcome);
        }
        Ok(ReplyFacts {
            is_error: self.has(Member::Error),
            tool_error: self.tool_error,
            result_type_input_required: self.input_required,
            bytes,
        })
    }
}

/// Whether a key of `result._meta` is nobody's but the server's. One that is too long to be kept is not looked into.
fn check_meta(text: &str) -> Checked {
    let key = unquote(text);
    let start = key.get(..PRIVATE_PREFIX.len());
    let is_private = text.is_empty() || start.is_some_and(|start| start.eq_ignore_ascii_case(PRIVATE_PREFIX));
    if is_private { Err(ReplyErrorKind::PrivateMember) } else { Ok(()) }
}

/// The characters of a string as written; nothing that is compared with it is empty.
fn unquote(text: &str) -> std::borrow::Cow<'_, str> {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    unescape(inside.unwrap_or_default())
}
