//! The keys of each object of a document.
//! A key that is missing here is refused; so is one that is marked as not yet built.

use super::{Entry, Table, built, not_yet};

/// The document itself.
pub(crate) const DOCUMENT_KEYS: Table = Table { title: "the document", entries: DOCUMENT };
const DOCUMENT: &[Entry] = &[
    built(
        "$schema",
        "Where an editor finds the JSON Schema of this language. Decides nothing, and `fmt` leaves it out.",
    ),
    built("version", "The language's version. Required."),
    built("default", "What happens to a tool that nothing names. Required."),
    built(
        "hide",
        "Names, or patterns with `*`, that vanish from lists and are refused as unknown; `\"*\"` hides all.",
    ),
    built("all_tools", "Rules for every tool. They name none."),
    built(
        "tools",
        "Names of tools, or patterns with `*`, and their rules. An exact name opens its tool, `{}` is enough.",
    ),
    built("categories", "Rules by category of tool."),
    built("risk", "Rules by risk of tool."),
    built("servers", "Rules that hold on one server besides, by its id."),
    built("resources", "Rules for resources: one for all, or by pattern of URIs or host."),
    built("prompts", "Rules for prompts: one for all, or by name or pattern of names."),
    built("completion", "The rule for completion of arguments."),
    built("sampling", "The rule for requests of a server to the client's model."),
    built("elicitation", "Rules for questions of a server to the user: one for all, or by mode."),
    built("roots", "The rule for requests of a server for the client's folders."),
    built("tasks", "The rule for tasks."),
    built("methods", "Rules for methods outside the protocol, by exact name."),
    built(
        "labels",
        "What tools bring or do, for flows: lists of names, by tool, pattern, `category:` or `risk:`.",
    ),
    built("flows", "What may follow what. Until history is kept, calls that a flow asks about are denied."),
    built("tests", "Example calls with the decision that is expected of each."),
    built("reveal", "What a denial tells the agent; the strictest stated holds."),
    built("mode", "`\"shadow\"` judges and records, and enforces nothing of the document."),
    not_yet("spend_limit", "A limit of the older proxy; `toolgate policy import` translates it."),
];

/// The rules of one tool, or of all.
pub(crate) const RULE_KEYS: Table = Table { title: "rules", entries: RULES };
const RULES: &[Entry] = &[
    built("require", "Predicates that must all be true."),
    built("deny_if", "Predicates of which any that is true denies."),
    built("limits", "Caps over a window of time."),
    built("action", "`\"deny\"` refuses every call, `\"allow\"` only names the tool."),
    built("reason", "What the agent is told beside `\"action\": \"deny\"`."),
    built("rate_limit", "A short limit: `\"10/minute\"` or `{\"max\": 10, \"window\": 60}`, scope `grant`."),
    built("arguments", "How arguments are checked against the tool's input schema."),
    built("repair", "`false` refuses instead of mending a string that encodes the wanted value."),
    built("numbers", "Which numbers of arguments a rule may read."),
    built("approval", "People must agree to the call. Until they can be asked, it is denied."),
    built("approval_timeout", "How long `\"action\": \"require_approval\"` waits, such as `10m`."),
    built("reveal", "What a denial tells the agent; the strictest stated holds."),
    not_yet("response", "Rules for replies."),
    built("mode", "`\"shadow\"` judges and records all of it, and enforces nothing; it names no tool."),
    built("expires", "From when on it opens nothing, such as `2026-12-01T00:00:00Z`; its restrictions stay."),
    built("on_expiry", "`\"relax\"` beside `expires`: its restrictions end too."),
    built("release", "Whether a call that was never sent gives back what the limits of these rules counted."),
    not_yet("rules", "The older proxy's list; `toolgate policy import` translates it."),
    not_yet("state", "A counter of the older proxy; `toolgate policy import` translates it."),
];

/// The object under one server.
pub(crate) const SERVER_KEYS: Table = Table { title: "a server", entries: SERVER };
const SERVER: &[Entry] = &[
    built("hide", "Names that vanish from this server."),
    built("all_tools", "Rules for every tool of this server. They name none."),
    built("tools", "Names of tools of this server, or patterns, and their rules."),
    built("categories", "Rules by category of tool."),
    built("risk", "Rules by risk of tool."),
    built("labels", "Labels of tools of this server, besides those at the top."),
];

/// One entry of `require` or `deny_if`.
pub(crate) const PREDICATE_KEYS: Table = Table { title: "a predicate", entries: PREDICATE };
const PREDICATE: &[Entry] = &[
    built("conditions", "Conditions that must all hold; `[]` always holds. Required."),
    built("on_deny", "What the agent is told when this predicate denies."),
    built("mode", "`\"shadow\"` judges and records it, and enforces nothing."),
    built("expires", "From when on it no longer holds; only beside `on_expiry`."),
    built("on_expiry", "`\"relax\"` beside `expires`: without this restriction from then on."),
];

/// One condition.
pub(crate) const CONDITION_KEYS: Table = Table { title: "a condition", entries: CONDITION };
const CONDITION: &[Entry] = &[
    built("path", "What is read, such as `args.` and the name of an argument. Required in a comparison."),
    built("op", "The operator. Required in a comparison."),
    built("value", "What it is compared with. Required in a comparison."),
    built("all", "A list of conditions that must all hold."),
    built("any", "A list of conditions of which at least one must hold."),
    built("not", "A condition that must not hold."),
    built(
        "cel",
        "An expression in CEL that must be true, such as `args.amount <= 100.0 && args.account.startsWith('acc-')`.",
    ),
    built("timezone", "In which zone a `time.` path is told, such as `Europe/Berlin`; without it in UTC."),
];

/// One entry of `limits`.
pub(crate) const LIMIT_KEYS: Table = Table { title: "a limit", entries: LIMIT };
const LIMIT: &[Entry] = &[
    built("counter", "The name of what is counted; equal names in a document count together. Required."),
    built("window", "Over which time. Required, but for calls at the same time."),
    built("max", "The most that a window may hold. Required."),
    built("scope", "Per what: a word, or a list of words and arguments. Required."),
    built("align", "`\"calendar\"` starts anew on the boundary; without it windows slide."),
    built("timezone", "The zone of a calendar window, such as `Europe/Berlin`; without it UTC."),
    built(
        "increment_from",
        "A numeric argument, or with `[*]` those of a list, summed instead of counting calls.",
    ),
    built("cost", "What each call counts instead of 1: a number, or the length of an argument."),
    built("on_deny", "What the agent is told when the limit is full."),
    built(
        "kind",
        "`\"concurrency\"` limits calls at the same time. Until slots are counted, such calls are denied.",
    ),
    built("timeout", "After which time a slot of a concurrency limit counts as free, such as `10m`."),
    built("release", "Whether a call that was never sent gives back what it counted."),
    built(
        "max_keys",
        "How many different values the arguments of a scope may have at once; 1000 without it.",
    ),
    built("mode", "`\"shadow\"` counts in a counter of its own, and refuses nothing."),
    built("expires", "From when on it no longer holds; only beside `on_expiry`."),
    built("on_expiry", "`\"relax\"` beside `expires`: without this limit from then on."),
];

/// The object under `approval`.
pub(crate) const APPROVAL_KEYS: Table = Table { title: "`approval`", entries: APPROVAL };
const APPROVAL: &[Entry] = &[
    built("from", "Who may agree, a list such as `role:imaging-lead`; without it anyone with the right to."),
    built("timeout", "How long the call waits, such as `10m`, at most a day."),
    built("quorum", "How many must agree; 1 where it is not said."),
    built("reason", "Whether they must say why."),
    built(
        "when",
        "Conditions that must all hold for an approval to be needed; without them every call needs one.",
    ),
    built("mode", "`\"shadow\"` records which calls it would have held, and holds none."),
    built("expires", "From when on nobody is asked; only beside `on_expiry`."),
    built("on_expiry", "`\"relax\"` beside `expires`: without this approval from then on."),
];

/// One entry of `flows`.
pub(crate) const FLOW_KEYS: Table = Table { title: "a flow", entries: FLOW };
const FLOW: &[Entry] = &[
    built("id", "Its name, which denials tell. Required."),
    built(
        "after",
        "The label, or a list of labels, all of which earlier calls must have set for it to deny.",
    ),
    built("deny", "The label whose calls it then denies."),
    built("within", "How long labels count, such as `1h`; without it for good."),
    built("unless", "What lets such a call through all the same."),
    built(
        "tool",
        "The tool, or a pattern, that needs another; beside `needs`, instead of `after` and `deny`.",
    ),
    built("needs", "What must have been called before."),
    built("on_deny", "What the agent is told when it denies."),
    not_yet("mode", "Evaluated but not enforced."),
    not_yet("expires", "Until when this holds."),
    not_yet("on_expiry", "What a restriction does after it expired."),
];

/// The object under `needs`.
pub(crate) const NEEDS_KEYS: Table = Table { title: "`needs`", entries: NEEDS };
const NEEDS: &[Entry] = &[
    built("tool", "The tool of the same server that must have finished without an error. Required."),
    built("same", "A list of arguments that must be there and equal in both calls."),
    built("within", "How long ago it may have finished, such as `30m`; without it any time."),
];

/// One entry of `tests`.
pub(crate) const TEST_KEYS: Table = Table { title: "a test", entries: TEST };
const TEST: &[Entry] = &[
    built("name", "What it shows, for people."),
    built("call", "The call. Required."),
    built("expect", "What is to be decided. Required."),
    built("rule", "The id of the rule that is to deny."),
    built("reason", "What the agent is to be told, word for word."),
];

/// A file of cases beside policies.
pub(crate) const CASES_KEYS: Table = Table { title: "a file of cases", entries: CASES };
const CASES: &[Entry] = &[
    built(
        "policies",
        "The policies that judge the calls, baseline first: names, or files beside this one. Without it those of the command line.",
    ),
    built("schema", "The input schema of the tools whose calls name none."),
    built("tests", "The calls with what is expected of each, as in a document. Required."),
];

/// The call of a test.
pub(crate) const CALL_KEYS: Table = Table { title: "the call of a test", entries: CALL };
const CALL: &[Entry] = &[
    built("tool", "The name of the tool. Required, unless `channel` or `method` says what is used instead."),
    built("channel", "The channel that is used instead of a tool, such as `resources`."),
    built(
        "subject",
        "The URI, the name of the prompt or the mode of elicitation; without it the channel as a whole.",
    ),
    built("method", "The method outside the protocol that is used instead of a tool."),
    built("arguments", "Its arguments, an object."),
    built("server", "The id of the server; `test` where it is not said."),
    built("grant", "The id of the access key; `test` where it is not said."),
    built("labels", "The labels of the access key, a list; none where it is not said."),
    built("time", "The time of the call, such as `2026-11-20T09:30:00Z`; not known where it is not said."),
    built("input", "The answers of a further round, an object."),
    built("history", "What was done before, an object; without it nothing was."),
    built("schema", "The tool's input schema; without it every object fits."),
    built("category", "The tool's category; unknown where it is not said."),
    built("risk", "The tool's risk; unknown where it is not said. With `category` it is taken as accepted."),
];

/// What was done before the call of a test.
pub(crate) const HISTORY_KEYS: Table = Table { title: "`history` of a test", entries: HISTORY };
const HISTORY: &[Entry] = &[
    built("labels", "The labels that earlier calls set: names, or objects with `label` and `ago`."),
    built("finished", "Earlier calls that ended without an error."),
    built("in_flight", "Earlier calls that have not ended."),
];

/// A label that was set before the call of a test.
pub(crate) const PAST_LABEL_KEYS: Table = Table { title: "a label of a test", entries: PAST_LABEL };
const PAST_LABEL: &[Entry] = &[
    built("label", "Its name. Required."),
    built("ago", "How long ago, such as `30m`; just now where it is not said."),
];

/// A call before the call of a test.
pub(crate) const PAST_CALL_KEYS: Table = Table { title: "an earlier call of a test", entries: PAST_CALL };
const PAST_CALL: &[Entry] = &[
    built("tool", "The name of the tool. Required."),
    built("arguments", "Its arguments, an object."),
    built("ago", "How long ago it ended, such as `30m`; just now where it is not said."),
];

/// The object form of `cost`.
pub(crate) const COST_KEYS: Table = Table { title: "`cost`", entries: COST };
const COST: &[Entry] = &[built("len", "A text or a list, whose length counts. Required.")];

/// The object form of `rate_limit`.
pub(crate) const RATE_LIMIT_KEYS: Table = Table { title: "a rate limit", entries: RATE_LIMIT };
const RATE_LIMIT: &[Entry] = &[
    built("max", "The most calls that a window may hold. Required."),
    built("window", "A number of seconds, or a window as in `limits`. Required."),
];

/// The object under `arguments`.
pub(crate) const ARGUMENT_KEYS: Table = Table { title: "`arguments`", entries: ARGUMENTS };
const ARGUMENTS: &[Entry] = &[
    built("check", "Against what arguments are checked."),
    built("unknown", "What happens to a top-level argument that the schema does not declare."),
];

/// The rule of a channel, or of a part of it.
pub(crate) const CHANNEL_KEYS: Table = Table { title: "a rule of a channel", entries: CHANNEL };
const CHANNEL: &[Entry] = &[
    built("action", "Whether it is open. Required."),
    built("reason", "What the agent is told beside `\"action\": \"deny\"`."),
    not_yet("require", "Predicates that must all be true."),
    not_yet("deny_if", "Predicates of which any that is true denies."),
    not_yet("limits", "Caps over a window of time."),
    not_yet("rate_limit", "A short limit."),
    not_yet("approval", "People must approve the message."),
    built("numbers", "Which numbers of arguments a rule may read."),
    not_yet("approval_timeout", "How long an approval is waited for."),
    not_yet("response", "Rules for replies."),
    built("reveal", "What the denial tells the agent, beside `\"action\": \"deny\"`."),
    built(
        "mode",
        "`\"shadow\"` beside `\"action\": \"deny\"` records what it would deny, and denies nothing.",
    ),
    built("expires", "From when on an allow opens nothing, such as `2026-12-01T00:00:00Z`."),
    built("on_expiry", "`\"relax\"` beside `expires`, which a deny needs: it denies nothing from then on."),
];

/// The object under `elicitation`, where it is by mode.
pub(crate) const ELICITATION_MODES: Table = Table { title: "`elicitation`", entries: ELICITATION };
const ELICITATION: &[Entry] = &[
    built("form", "The server asks for values; a request that names no mode is one."),
    built("url", "The server sends the user to a page."),
];
