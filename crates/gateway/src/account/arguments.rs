//! What a record says of the arguments of a call: declared names and a keyed digest.
//! Must never hold a value, nor a name that an agent made up.

use crate::gateway::Gateway;
use crate::stage::decide::Judged as JudgedCall;
use json::Value;
use store::audit::Digest;

/// Keys that the schema writes; others may hold anything an agent made up and are only counted.
pub(super) fn declared_keys<'a>(
    judged: &JudgedCall,
    arguments: Option<Value<'a>>,
) -> Vec<std::borrow::Cow<'a, str>> {
    let Some(schema) = &judged.tool.definition.input_schema else { return Vec::new() };
    let members = arguments.into_iter().flat_map(|arguments| arguments.members());
    members.map(|member| member.key.as_cow()).filter(|key| schema.writes(key)).collect()
}

/// Where strings were mended, without names that an agent made up.
pub(super) fn repaired_pointers(judged: &JudgedCall, arguments: Option<Value<'_>>) -> Vec<String> {
    let (Some(schema), Some(arguments)) = (&judged.tool.definition.input_schema, arguments) else {
        return Vec::new();
    };
    let pointers = judged.allowed.repaired.iter().flat_map(|repaired| &repaired.pointers);
    pointers.map(|pointer| schema.shown_pointer(arguments, pointer)).collect()
}

pub(super) fn digest(gateway: &Gateway, arguments: Option<Value<'_>>) -> Digest {
    let mut canonical = Vec::new();
    match arguments {
        Some(arguments) => json::canonical(arguments, &mut canonical),
        None => canonical.extend_from_slice(b"{}"),
    }
    gateway.store.digest(&canonical)
}
