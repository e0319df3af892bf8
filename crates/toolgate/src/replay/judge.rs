//! Judges calls one by one, with everything that is the same for calls of one tool prepared once.
//! Must never decide by another function than the gateway's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use policy::{Bound, DenialKind, Foresight, RuleId, Stack};

use super::outcome::{Answer, Judged, Outcome};
use super::tally::Notes;
use crate::traffic::{Call, Given, Match, Tools, Was};

/// By what calls are judged.
#[derive(Debug)]
pub struct Standing {
    /// The policies that are tried.
    pub draft: Stack,
    /// The policies that they are compared with; else the recorded decisions are.
    pub against: Option<Stack>,
    /// The tools that are known.
    pub tools: Tools,
    /// Whether limits are asked.
    pub limits: bool,
    /// Whether an allowed call of which not all values were kept may not have fitted its tool's schema after all.
    pub strict: bool,
    /// Whether arguments are kept to be shown.
    pub values: bool,
}

/// One tool under the policies.
struct Prepared {
    draft: Bound,
    against: Option<Bound>,
    found: Match,
    server: Arc<str>,
    tool: Arc<str>,
}

/// Judges calls in one thread.
pub(super) struct Judge<'a> {
    standing: &'a Standing,
    prepared: HashMap<String, Prepared>,
    /// The key that is looked up, to be written anew.
    key: String,
    texts: HashSet<Arc<str>>,
    pub(super) notes: Notes,
}

impl<'a> Judge<'a> {
    pub(super) fn new(standing: &'a Standing) -> Self {
        let (prepared, texts) = (HashMap::new(), HashSet::new());
        Self { standing, prepared, key: String::new(), texts, notes: Notes::default() }
    }

    /// Judges a call.
    pub(super) fn judge(&mut self, call: &Call) -> Judged {
        self.key.clear();
        for part in [&call.server, "\0", &call.tool, "\0", &call.definition] {
            self.key.push_str(part);
        }
        if !self.prepared.contains_key(&self.key) {
            let prepared = prepare(self.standing, call);
            self.prepared.insert(self.key.clone(), prepared);
        }
        let texts = &mut self.texts;
        let grant = text(texts, &call.grant);
        let Some(prepared) = self.prepared.get(&self.key) else {
            // INVARIANT: it was just put there.
            return unknown(call, grant);
        };
        let (is_exact, is_unlisted) = (prepared.found == Match::Exact, is_unlisted(call, prepared.found));
        let fits = is_exact && !self.standing.strict && may_be_taken_to_fit(call);
        let is_other = prepared.found == Match::Current && !call.definition.is_empty();
        self.notes.n_other_definition += u64::from(is_other);
        self.notes.n_no_definition += u64::from(prepared.found == Match::Assumed);
        self.notes.n_taken_to_fit += u64::from(fits && !call.is_whole());
        let mut ask = |bound: &Bound| {
            if is_unlisted {
                return Answer::final_one(Outcome::Denied(text(texts, RuleId::UNKNOWN_TOOL)));
            }
            answer(
                call.foreseen(fits, |given| bound.foresee(&call.facts(), given)),
                self.standing.limits,
                texts,
            )
        };
        let now = ask(&prepared.draft);
        let was = match &prepared.against {
            Some(against) => ask(against),
            None => Answer::final_one(recorded(call.was.as_ref(), &mut self.texts)),
        };
        let values = call.arguments().filter(|_| self.standing.values);
        Judged {
            number: call.number,
            id: call.id.as_str().into(),
            time_ms: call.time_ms,
            grant,
            server: Arc::clone(&prepared.server),
            tool: Arc::clone(&prepared.tool),
            was,
            now,
            values: values.map(|value| value.raw().into()),
        }
    }
}

fn prepare(standing: &Standing, call: &Call) -> Prepared {
    let (definition, found) = standing.tools.find(&call.server, &call.tool, &call.definition);
    Prepared {
        draft: standing.draft.bind(&definition),
        against: standing.against.as_ref().map(|against| against.bind(&definition)),
        found,
        server: call.server.as_str().into(),
        tool: call.tool.as_str().into(),
    }
}

fn unknown(call: &Call, grant: Arc<str>) -> Judged {
    let answer = || Answer::final_one(Outcome::Unknown("".into()));
    Judged {
        number: call.number,
        id: call.id.as_str().into(),
        time_ms: call.time_ms,
        grant,
        server: call.server.as_str().into(),
        tool: call.tool.as_str().into(),
        was: answer(),
        now: answer(),
        values: None,
    }
}

/// Whether the server did not list the tool when it was called, nor is known to since.
fn is_unlisted(call: &Call, found: Match) -> bool {
    found == Match::Assumed && call.was.as_ref().is_some_and(|was| was.rule == RuleId::UNKNOWN_TOOL)
}

/// An allowed call passed the check against its definition's schema, which only a policy that says so leaves out.
fn may_be_taken_to_fit(call: &Call) -> bool {
    let mended = match &call.given {
        Given::Keys { mended, .. } => *mended,
        Given::Whole(_) | Given::Without(..) | Given::Unknown => false,
    };
    !mended && call.was.as_ref().is_some_and(|was| was.allowed)
}

fn answer(foresight: Foresight, limits: bool, texts: &mut HashSet<Arc<str>>) -> Answer {
    match foresight {
        Foresight::Allowed(demands) => Answer {
            outcome: Outcome::Allowed,
            demands: Some(demands).filter(|all| limits && !all.is_empty()),
        },
        Foresight::Denied(denial) => {
            let rule = text(texts, denial.rule.as_str());
            let needs_approval = denial.kind == DenialKind::Approval;
            Answer::final_one(if needs_approval { Outcome::Approval(rule) } else { Outcome::Denied(rule) })
        }
        Foresight::Unknown(rule) => Answer::final_one(Outcome::Unknown(text(texts, rule.as_str()))),
    }
}

fn recorded(was: Option<&Was>, texts: &mut HashSet<Arc<str>>) -> Outcome {
    match was {
        None => Outcome::NotKept,
        Some(Was { allowed: true, .. }) => Outcome::Allowed,
        Some(Was { allowed: false, rule }) => Outcome::Denied(text(texts, rule)),
    }
}

/// The one shared copy of a text.
fn text(texts: &mut HashSet<Arc<str>>, wanted: &str) -> Arc<str> {
    if let Some(text) = texts.get(wanted) {
        return Arc::clone(text);
    }
    let text: Arc<str> = wanted.into();
    texts.insert(Arc::clone(&text));
    text
}
