//! Writes arguments with another value at one place. Everything else is copied as it stands.

use json::Value;

use crate::path::Step;

/// The object with a value at the end of these steps, or without it. Nothing where a step meets something else than
/// it leads through.
pub(super) fn with(root: Option<Value<'_>>, steps: &[Step<'_>], new: Option<&str>) -> Option<String> {
    let mut out = String::new();
    write(root, steps, new, &mut out)?;
    Some(out)
}

fn write(value: Option<Value<'_>>, steps: &[Step<'_>], new: Option<&str>, out: &mut String) -> Option<()> {
    let value = value.filter(|value| !value.is_null());
    match steps.split_first() {
        None => out.push_str(new?),
        Some((Step::Name(name), rest)) => write_member(value, name, rest, new, out)?,
        Some((Step::Elements, rest)) => {
            let elements: Vec<_> = match value {
                None => vec![None],
                Some(list) if list.is_array() => list.elements().map(Some).collect(),
                Some(_) => return None,
            };
            let mut separator = '[';
            for element in elements {
                out.push(separator);
                write(element, rest, new, out)?;
                separator = ',';
            }
            out.push_str(if separator == '[' { "[]" } else { "]" });
        }
    }
    Some(())
}

fn write_member(
    value: Option<Value<'_>>,
    name: &str,
    rest: &[Step<'_>],
    new: Option<&str>,
    out: &mut String,
) -> Option<()> {
    if value.is_some_and(|value| !value.is_object()) {
        return None;
    }
    let mut parts = Vec::new();
    let mut push = |key: &str, value: &str| parts.push(format!("{}:{value}", serde_json::Value::from(key)));
    let mut old = None;
    for member in value.iter().flat_map(Value::members) {
        if *member.key.as_cow() == *name {
            old = Some(member.value);
        } else {
            push(&member.key.as_cow(), member.value.raw());
        }
    }
    let is_left_out = new.is_none() && (rest.is_empty() || old.is_none());
    if !is_left_out {
        let mut inner = String::new();
        write(old, rest, new, &mut inner)?;
        push(name, &inner);
    }
    out.push('{');
    out.push_str(&parts.join(","));
    out.push('}');
    Some(())
}
