//! The values of the keys that take one of a few words.
//! A value that is missing here is refused; so is one that is marked as not yet built.

use super::{Entry, Table, built, not_yet};

/// `version`.
pub(crate) const VERSIONS: Table = Table { title: "`version`", entries: VERSION };
const VERSION: &[Entry] = &[built("1", "This language.")];

/// `default`.
pub(crate) const DEFAULTS: Table = Table { title: "`default`", entries: DEFAULT };
const DEFAULT: &[Entry] = &[
    built("deny", "A tool that nothing names is closed, and so are the other channels."),
    built("allow", "A tool that nothing names is open, and so are the client's other channels."),
];

/// `action`.
pub(crate) const ACTIONS: Table = Table { title: "`action`", entries: ACTION };
const ACTION: &[Entry] = &[
    built(
        "allow",
        "Opens what the key names or selects, and adds nothing; not for `all_tools`, which names none.",
    ),
    built("deny", "Refuses every call; the tool stays in lists, so that the agent can be told why."),
    built(
        "require_approval",
        "People must agree to each call. Until they can be asked, every call is denied.",
    ),
    not_yet("evaluate", "The older proxy's word; `toolgate policy import` translates it."),
];

/// `action` in a channel.
pub(crate) const CHANNEL_ACTIONS: Table = Table { title: "`action` of a channel", entries: CHANNEL_ACTION };
const CHANNEL_ACTION: &[Entry] = &[
    built("allow", "Opens it, as far as no other rule and no other policy denies it."),
    built("deny", "Closes it, whatever allows it."),
    not_yet("require_approval", "People must approve each message."),
];

/// `window` of a sliding limit.
pub(crate) const WINDOWS: Table = Table { title: "`window`", entries: WINDOW };
const WINDOW: &[Entry] =
    &[built("minute", "60 seconds."), built("hour", "60 minutes."), built("day", "24 hours.")];

/// `window` beside `"align": "calendar"`.
pub(crate) const CALENDAR_WINDOWS: Table =
    Table { title: "`window` with `\"align\": \"calendar\"`", entries: CALENDAR_WINDOW };
const CALENDAR_WINDOW: &[Entry] = &[
    built("minute", "From second 0."),
    built("hour", "From minute 0."),
    built("day", "From midnight."),
    built("week", "From Monday, midnight."),
    built("month", "From the first, midnight."),
];

/// `align`.
pub(crate) const ALIGNMENTS: Table = Table { title: "`align`", entries: ALIGNMENT };
const ALIGNMENT: &[Entry] =
    &[built("calendar", "The window starts anew on its boundary, in UTC or the zone of `timezone`.")];

/// `kind` of a limit.
pub(crate) const LIMIT_KINDS: Table = Table { title: "`kind` of a limit", entries: LIMIT_KIND };
const LIMIT_KIND: &[Entry] = &[built("concurrency", "Calls at the same time.")];

/// `unless` of a flow.
pub(crate) const FLOW_EXCEPTIONS: Table = Table { title: "`unless` of a flow", entries: FLOW_EXCEPTION };
const FLOW_EXCEPTION: &[Entry] =
    &[built("approved", "People agree to the call. Until they can be asked, it is denied.")];

/// `release`.
pub(crate) const RELEASES: Table = Table { title: "`release`", entries: RELEASE };
const RELEASE: &[Entry] = &[
    built("never", "What was reserved stays used. The default."),
    built(
        "not_sent",
        "A call of which no byte was written to the server gives back what it reserved, if all limits that apply to it \
         say so.",
    ),
];

/// `scope`.
pub(crate) const SCOPES: Table = Table { title: "`scope`", entries: SCOPE };
const SCOPE: &[Entry] = &[
    built("grant", "Each access key, on each server."),
    built("server", "Each server, all access keys together."),
    built("tool", "Each tool of each server, all access keys together."),
    built("all", "Everything together, across servers."),
    built(
        "session",
        "Each session; only beside a limit on the grant. Until sessions are counted, such calls are denied.",
    ),
    not_yet("identity", "Each verified identity."),
];

/// `arguments.check`.
pub(crate) const SCHEMA_CHECKS: Table = Table { title: "`check`", entries: SCHEMA_CHECK };
const SCHEMA_CHECK: &[Entry] = &[
    built("schema", "The tool's input schema. The default."),
    built("off", "Nothing; values reach the conditions as they are."),
];

/// `arguments.unknown`.
pub(crate) const UNKNOWN_ARGUMENTS: Table = Table { title: "`unknown`", entries: UNKNOWN_ARGUMENT };
const UNKNOWN_ARGUMENT: &[Entry] = &[
    built("deny", "Refused, when the schema declares any argument. The default."),
    built("allow", "Passed on."),
];

/// `reason` of an approval.
pub(crate) const APPROVAL_REASONS: Table =
    Table { title: "`reason` of an approval", entries: APPROVAL_REASON };
const APPROVAL_REASON: &[Entry] = &[
    built("required", "Whoever agrees says why."),
    built("optional", "A reason may be left out. The default."),
];

/// `channel` of a test.
pub(crate) const CHANNELS: Table = Table { title: "`channel` of a test", entries: CHANNEL };
const CHANNEL: &[Entry] = &[
    built("resources", "Resources, by URI."),
    built("prompts", "Prompts, by name."),
    built("completion", "Completion of arguments."),
    built("sampling", "Requests of a server to the client's model."),
    built("elicitation", "Questions of a server to the user, by mode."),
    built("roots", "Requests of a server for the client's folders."),
    built("tasks", "Tasks."),
];

/// `expect`.
pub(crate) const EXPECTATIONS: Table = Table { title: "`expect`", entries: EXPECTATION };
const EXPECTATION: &[Entry] = &[
    built("allow", "The call is allowed."),
    built("deny", "The call is denied, by `rule` where one is named."),
];

/// `numbers`.
pub(crate) const NUMBERS: Table = Table { title: "`numbers`", entries: NUMBER };
const NUMBER: &[Entry] = &[
    built(
        "double",
        "Those that survive a round trip through an IEEE double; others are errors. The default.",
    ),
    built("arbitrary", "All of up to 38 digits, exactly; only for servers that never round."),
];

/// `mode`.
pub(crate) const MODES: Table = Table { title: "`mode`", entries: MODE };
const MODE: &[Entry] =
    &[built("shadow", "Judged beside what is enforced, recorded, and never enforced. Without it a part is.")];

/// `on_expiry`.
pub(crate) const EXPIRY_ACTIONS: Table = Table { title: "`on_expiry`", entries: EXPIRY_ACTION };
const EXPIRY_ACTION: &[Entry] = &[built("relax", "The restriction no longer holds.")];

/// `reveal`.
pub(crate) const REVEALS: Table = Table { title: "`reveal`", entries: REVEAL };
const REVEAL: &[Entry] = &[
    built("full", "The reason, the id of the rule and the name of its policy."),
    built("reason", "The reason. The default."),
    built("none", "One text that is the same for every denial."),
];

/// The first part of a path.
pub(crate) const PATH_ROOTS: Table = Table { title: "the first part of a path", entries: PATH_ROOT };
const PATH_ROOT: &[Entry] = &[
    built("args", "The arguments of the call."),
    built("input", "The answers of the client in a further round of the call; missing in its first."),
    built("grant", "The access key."),
    built("server", "The server."),
    built("tool", "The tool; of `tool.annotations.` only what restricts."),
    built("time", "The time of the call, in the zone of `timezone`."),
    not_yet("identity", "The verified identity."),
];
