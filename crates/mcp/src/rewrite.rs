//! What is changed in a message on its way through: spans are replaced, every other byte stays as it was judged.
//! It must never add a capability, re-encode a value or reorder members.

mod handles;

use json::{SpliceError, Splicer, Value};

use crate::envelope::{Message, keys};
use crate::reply::Reply;
use crate::tasks;

pub use handles::{HandleEdits, RelatedEdit, ReplyHandles, StateEdit};

/// Our own keys in `_meta`; a server that sends one speaks in our name.
const PRIVATE_PREFIX: &str = "toolgate/";

/// A client capability that lets a server ask something of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCapability {
    /// The client's model.
    Sampling,
    /// The user, by whatever mode.
    Elicitation,
    /// The user, by a form.
    ElicitationForm,
    /// The user, at a URL.
    ElicitationUrl,
    /// The client's folders.
    Roots,
    /// Tasks of the client itself (2025-11-25).
    Tasks,
    /// Tasks of the server in place of results: the extension of 2026-07-28.
    TasksExtension,
}

impl ClientCapability {
    /// All of them, each whole.
    pub const ALL: [ClientCapability; 5] = [
        ClientCapability::Sampling,
        ClientCapability::Elicitation,
        ClientCapability::Roots,
        ClientCapability::Tasks,
        ClientCapability::TasksExtension,
    ];

    /// The key in the capabilities object, or in its `extensions`.
    pub const fn key(self) -> &'static str {
        match self {
            ClientCapability::Sampling => "sampling",
            ClientCapability::Elicitation
            | ClientCapability::ElicitationForm
            | ClientCapability::ElicitationUrl => "elicitation",
            ClientCapability::Roots => "roots",
            ClientCapability::Tasks => "tasks",
            ClientCapability::TasksExtension => keys::TASKS_EXTENSION,
        }
    }
}

/// A server capability that is not advertised while its channel is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerCapability {
    /// Resources.
    Resources,
    /// Subscriptions to single resources.
    ResourceSubscriptions,
    /// Prompts.
    Prompts,
    /// Argument completion.
    Completions,
    /// Log messages.
    Logging,
    /// Tasks, of 2025-11-25 and as the extension of 2026-07-28.
    Tasks,
}

/// What is replaced in a client's message. Raw values are JSON and are put in as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Edits<'a> {
    /// The id, raw: a request's own, or the one that a response answers.
    pub id: Option<&'a str>,
    /// `params._meta.progressToken`, raw.
    pub progress_token: Option<&'a str>,
    /// `params.progressToken` of a progress notification, raw.
    pub reported_token: Option<&'a str>,
    /// `params.requestId` of a cancellation, raw.
    pub cancelled_request: Option<&'a str>,
    /// The tool's name, as text.
    pub tool_name: Option<&'a str>,
    /// The arguments of a tools/call, raw.
    pub arguments: Option<&'a str>,
    /// Client capabilities to remove, wherever either era puts them.
    pub remove_capabilities: &'a [ClientCapability],
    /// Opaque values of the server.
    pub handles: HandleEdits<'a>,
}

/// What is replaced in a server's message. Raw values are JSON and are put in as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplyEdits<'a> {
    /// The id, raw.
    pub id: Option<&'a str>,
    /// `params.progressToken` of a progress notification, raw.
    pub progress_token: Option<&'a str>,
    /// `params._meta.progressToken` of a server's own request, raw.
    pub meta_progress_token: Option<&'a str>,
    /// `params.requestId` of a cancellation, raw.
    pub cancelled_request: Option<&'a str>,
    /// The listen request that a notification belongs to (2026-07-28), raw.
    pub subscription_id: Option<&'a str>,
    /// Members of `result` to set: key and raw value; a member that is not there is added at the end.
    pub set_result: &'a [(&'a str, &'a str)],
    /// Server capabilities to remove from a handshake or discovery result.
    pub remove_capabilities: &'a [ServerCapability],
    /// Whether to remove `toolgate/*` keys from the `_meta` of the result or params.
    pub strip_private_meta: bool,
    /// Opaque values of ours.
    pub handles: ReplyHandles<'a>,
}

/// Why a message could not be rewritten; it is then not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// What should be replaced is not there.
    #[error("the message has no `{0}` to replace")]
    Missing(&'static str),
    /// Two edits touch the same bytes.
    #[error("the message could not be rewritten: {0}")]
    Splice(#[from] SpliceError),
}

/// The bytes of a client's message with the edits made.
///
/// # Errors
/// When something to be replaced is absent: forwarding without the edit would forward what was not meant.
pub fn rewrite(message: &Message, edits: &Edits<'_>) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(message.document().text().as_bytes());
    if let Some(id) = edits.id {
        let span = message.id_span().ok_or(RewriteError::Missing("id"))?;
        splicer.replace(span, id.as_bytes())?;
    }
    let params = message.params();
    let member = |key| params.and_then(|params| params.get(key));
    replace(&mut splicer, "progressToken", message.progress_token(), edits.progress_token)?;
    replace(&mut splicer, "progressToken", member("progressToken"), edits.reported_token)?;
    replace(&mut splicer, "requestId", member("requestId"), edits.cancelled_request)?;
    replace(&mut splicer, "arguments", message.arguments(), edits.arguments)?;
    replace_text(&mut splicer, "name", message.tool_name().and_then(|_| member("name")), edits.tool_name)?;
    edits.handles.apply(&mut splicer, message)?;
    let enveloped = message.meta().and_then(|meta| meta.get(keys::CLIENT_CAPABILITIES));
    let handshake = member("capabilities").filter(|_| message.method() == Some("initialize"));
    for capabilities in enveloped.into_iter().chain(handshake) {
        remove_client_capabilities(&mut splicer, capabilities, edits.remove_capabilities)?;
    }
    Ok(splicer.finish())
}

/// The bytes of a server's message with the edits made.
///
/// # Errors
/// When something to be replaced is absent.
pub fn rewrite_reply(reply: &Reply, edits: &ReplyEdits<'_>) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(reply.document().text().as_bytes());
    if let Some(id) = edits.id {
        let span = reply.id_span().ok_or(RewriteError::Missing("id"))?;
        splicer.replace(span, id.as_bytes())?;
    }
    let member = |key| reply.params().and_then(|params| params.get(key));
    replace(&mut splicer, "progressToken", member("progressToken"), edits.progress_token)?;
    replace(&mut splicer, "requestId", member("requestId"), edits.cancelled_request)?;
    let in_meta = |key| member("_meta").and_then(|meta| meta.get(key));
    replace(&mut splicer, "progressToken", in_meta("progressToken"), edits.meta_progress_token)?;
    let subscription = in_meta(keys::SUBSCRIPTION_ID);
    replace(&mut splicer, "subscriptionId", subscription, edits.subscription_id)?;
    if let Some(capabilities) = reply.result().and_then(|result| result.get("capabilities")) {
        remove_server_capabilities(&mut splicer, capabilities, edits.remove_capabilities)?;
    }
    if edits.strip_private_meta {
        for holder in tasks::holders(reply) {
            strip_private(&mut splicer, holder)?;
        }
    }
    edits.handles.apply(&mut splicer, reply)?;
    if !edits.set_result.is_empty() {
        set_members(&mut splicer, reply.result().ok_or(RewriteError::Missing("result"))?, edits.set_result)?;
    }
    Ok(splicer.finish())
}

/// An array with only the elements that `keep` holds for, each as it was written; raw JSON.
pub fn kept_elements<'a>(array: Value<'a>, mut keep: impl FnMut(Value<'a>) -> bool) -> String {
    let kept: Vec<&str> =
        array.elements().filter(|element| keep(*element)).map(|element| element.raw()).collect();
    format!("[{}]", kept.join(","))
}

fn replace<'a>(
    splicer: &mut Splicer<'a>,
    what: &'static str,
    value: Option<Value<'_>>,
    with: Option<&'a str>,
) -> Result<(), RewriteError> {
    let Some(raw) = with else { return Ok(()) };
    let value = value.ok_or(RewriteError::Missing(what))?;
    Ok(splicer.replace(value.span(), raw.as_bytes())?)
}

fn replace_text(
    splicer: &mut Splicer<'_>,
    what: &'static str,
    value: Option<Value<'_>>,
    with: Option<&str>,
) -> Result<(), RewriteError> {
    let Some(text) = with else { return Ok(()) };
    let value = value.ok_or(RewriteError::Missing(what))?;
    let mut quoted = Vec::new();
    json::write_string(&mut quoted, text);
    Ok(splicer.replace(value.span(), quoted)?)
}

/// Client capabilities, raw, without some of them.
#[must_use]
pub fn without_capabilities(raw: &str, remove: &[ClientCapability]) -> String {
    let limits = json::Limits { max_string_bytes: u32::MAX, ..json::Limits::default() };
    let Ok(document) = json::Document::scan(raw.as_bytes().to_vec(), &limits) else {
        return String::from("{}");
    };
    let mut splicer = Splicer::new(document.text().as_bytes());
    match remove_client_capabilities(&mut splicer, document.root(), remove) {
        Ok(()) => String::from_utf8_lossy(&splicer.finish()).into_owned(),
        Err(_) => String::from("{}"),
    }
}

fn remove_client_capabilities(
    splicer: &mut Splicer<'_>,
    capabilities: Value<'_>,
    remove: &[ClientCapability],
) -> Result<(), SpliceError> {
    for capability in remove {
        match capability {
            ClientCapability::TasksExtension => remove_tasks_extension(splicer, capabilities)?,
            ClientCapability::ElicitationForm => remove_mode(splicer, capabilities, "form", "url")?,
            ClientCapability::ElicitationUrl => remove_mode(splicer, capabilities, "url", "form")?,
            ClientCapability::Sampling
            | ClientCapability::Elicitation
            | ClientCapability::Roots
            | ClientCapability::Tasks => {
                splicer.remove_member(&capabilities, capability.key())?;
            }
        }
    }
    Ok(())
}

/// Takes one mode out of the elicitation that a client declares. None stands for a form (2025-11-25, Elicitation): what
/// is left must not read as a mode that the client did not declare.
fn remove_mode(
    splicer: &mut Splicer<'_>,
    capabilities: Value<'_>,
    gone: &str,
    left: &str,
) -> Result<(), SpliceError> {
    let Some(modes) = capabilities.get("elicitation") else { return Ok(()) };
    let stays = match left {
        "form" => modes.get("form").is_some() || modes.get("url").is_none(),
        _ => modes.get(left).is_some(),
    };
    match stays {
        true => splicer.remove_member(&modes, gone).map(drop),
        false => splicer.remove_member(&capabilities, "elicitation").map(drop),
    }
}

fn remove_tasks_extension(splicer: &mut Splicer<'_>, capabilities: Value<'_>) -> Result<(), SpliceError> {
    match capabilities.get("extensions") {
        Some(extensions) => splicer.remove_member(&extensions, keys::TASKS_EXTENSION).map(|_| ()),
        None => Ok(()),
    }
}

fn remove_server_capabilities(
    splicer: &mut Splicer<'_>,
    capabilities: Value<'_>,
    remove: &[ServerCapability],
) -> Result<(), SpliceError> {
    for capability in remove {
        let key = match capability {
            ServerCapability::Resources => "resources",
            ServerCapability::Prompts => "prompts",
            ServerCapability::Completions => "completions",
            ServerCapability::Logging => "logging",
            ServerCapability::Tasks => {
                remove_tasks_extension(splicer, capabilities)?;
                "tasks"
            }
            // Goes with its parent where that goes.
            ServerCapability::ResourceSubscriptions if remove.contains(&ServerCapability::Resources) => {
                continue;
            }
            ServerCapability::ResourceSubscriptions => {
                if let Some(resources) = capabilities.get("resources") {
                    splicer.remove_member(&resources, "subscribe")?;
                }
                continue;
            }
        };
        splicer.remove_member(&capabilities, key)?;
    }
    Ok(())
}

fn strip_private(splicer: &mut Splicer<'_>, holder: Value<'_>) -> Result<(), SpliceError> {
    let Some(meta) = holder.get("_meta") else { return Ok(()) };
    for member in meta.members() {
        let key = member.key.as_cow();
        if key.get(..PRIVATE_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PRIVATE_PREFIX)) {
            splicer.remove_member(&meta, &key)?;
        }
    }
    Ok(())
}

fn set_members(
    splicer: &mut Splicer<'_>,
    object: Value<'_>,
    members: &[(&str, &str)],
) -> Result<(), SpliceError> {
    let mut added = Vec::new();
    for (key, raw) in members {
        if let Some(value) = object.get(key) {
            splicer.replace(value.span(), raw.as_bytes().to_vec())?;
            continue;
        }
        if !added.is_empty() || !object.is_empty() {
            added.push(b',');
        }
        json::write_string(&mut added, key);
        added.push(b':');
        added.extend_from_slice(raw.as_bytes());
    }
    let end = object.span().end.saturating_sub(1);
    splicer.replace(json::Span { start: end, end }, added)
}
