//! What older revisions cannot read of a modern server's words: content of a later kind, structured content and output
//! schemas that are no object, sampling messages with several parts. It must never drop what a client merely ignores.

use super::object;
use crate::era::Version;
use json::{SpliceError, Splicer, Value};

/// Puts what the revision cannot read in a result into a form that it can.
pub(super) fn result(
    splicer: &mut Splicer<'_>,
    result: Value<'_>,
    method: &str,
    version: Version,
) -> Result<(), SpliceError> {
    match method {
        "tools/call" => {
            if result.get("structuredContent").is_some_and(|value| !value.is_object()) {
                splicer.remove_member(&result, "structuredContent")?;
            }
            blocks(splicer, result.get("content"), version)
        }
        "tools/list" => {
            let tools = result.get("tools").into_iter().flat_map(|tools| tools.elements());
            tools
                .filter(|tool| !has_object_output(*tool))
                .try_for_each(|tool| splicer.remove_member(&tool, "outputSchema").map(|_| ()))
        }
        "prompts/get" => {
            let messages = result.get("messages").into_iter().flat_map(|messages| messages.elements());
            for content in messages.filter_map(|message| message.get("content")) {
                block(splicer, content, version)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The handshake era knows output schemas of objects only; a client refuses the whole list for another.
fn has_object_output(tool: Value<'_>) -> bool {
    let Some(schema) = tool.get("outputSchema") else { return true };
    schema.get("type").and_then(|name| name.as_str()).as_deref() == Some("object")
}

fn blocks(
    splicer: &mut Splicer<'_>,
    content: Option<Value<'_>>,
    version: Version,
) -> Result<(), SpliceError> {
    let mut blocks = content.into_iter().flat_map(|content| content.elements());
    blocks.try_for_each(|content| block(splicer, content, version))
}

fn block(splicer: &mut Splicer<'_>, content: Value<'_>, version: Version) -> Result<(), SpliceError> {
    match as_known(content, version) {
        Some(known) => splicer.replace(content.span(), known.into_bytes()),
        None => Ok(()),
    }
}

/// A block in a form that the revision knows; `None` where it knows the block as it is.
fn as_known(content: Value<'_>, version: Version) -> Option<String> {
    let said = |key: &str| content.get(key).and_then(|value| value.as_str());
    match said("type")?.as_ref() {
        "audio" if version < Version::V2025_03_26 => Some(object(|block| {
            let resource = object(|resource| {
                resource.str("uri", "data:audio").str("blob", &said("data").unwrap_or_default());
                if let Some(kind) = said("mimeType") {
                    resource.str("mimeType", &kind);
                }
            });
            block.str("type", "resource").raw("resource", &resource);
        })),
        "resource_link" if version < Version::V2025_06_18 => {
            let (name, uri) = (said("name").unwrap_or_default(), said("uri").unwrap_or_default());
            let about = said("description").map(|about| format!(": {about}")).unwrap_or_default();
            Some(object(|block| {
                block.str("type", "text").str("text", &format!("{name} <{uri}>{about}"));
            }))
        }
        _ => None,
    }
}

/// The params of a server's request for a client of this revision; `None` where they cannot be told to it.
pub(super) fn input(params: Value<'_>, method: &str, key: &str, version: Version) -> Option<String> {
    let own = json::Document::scan(params.raw().as_bytes().to_vec(), &super::limits()).ok()?;
    let root = own.root();
    let mut splicer = Splicer::new(own.text().as_bytes());
    match method {
        "elicitation/create" => {
            let is_url = root.get("mode").and_then(|mode| mode.as_str()).as_deref() == Some("url");
            if is_url && version < Version::V2025_11_25 {
                return None;
            }
            if is_url && root.get("elicitationId").is_none() {
                let id = super::written(|id| {
                    id.str("elicitationId", key);
                });
                super::replace_members(&mut splicer, root, &[], &id).ok()?;
            }
        }
        "sampling/createMessage" if version < Version::V2025_11_25 => {
            if let Some(messages) = root.get("messages") {
                splicer.replace(messages.span(), single_parts(messages).into_bytes()).ok()?;
            }
        }
        _ => {}
    }
    String::from_utf8(splicer.finish()).ok()
}

/// Sampling messages of one part each, in their order.
fn single_parts(messages: Value<'_>) -> String {
    let mut single = Vec::new();
    for message in messages.elements() {
        match message.get("content").filter(Value::is_array) {
            None => single.push(message.raw().to_owned()),
            Some(parts) => single.extend(parts.elements().map(|part| {
                object(|message_of_one| {
                    if let Some(role) = message.get("role") {
                        message_of_one.raw("role", role.raw());
                    }
                    message_of_one.raw("content", part.raw());
                })
            })),
        }
    }
    format!("[{}]", single.join(","))
}
