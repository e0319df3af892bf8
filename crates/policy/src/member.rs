//! The member of an object by its name, in the one spelling that every server reads alike.
//! Never guesses which of two spellings a server takes.

use json::Value;

/// An object has a member whose name only case tells from the wanted one.
pub(crate) struct OtherSpelling;

/// The member of this name, unless there is one that only case tells from it and that is not `known` as another.
/// Some servers take either (Go's `encoding/json` does, and of both spellings the last).
pub(crate) fn member<'a>(
    object: Value<'a>,
    name: &str,
    known: impl Fn(&str) -> bool,
) -> Result<Option<Value<'a>>, OtherSpelling> {
    let mut found = None;
    for member in object.members() {
        let key = member.key.as_cow();
        if *key == *name {
            found = Some(member.value);
        } else if is_same_but_for_case(&key, name) && !known(&key) {
            return Err(OtherSpelling);
        }
    }
    Ok(found)
}

/// Whether only case tells the one from the other, if anything does.
pub(crate) fn is_same_but_for_case(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    // Up and down again, for letters that have no way back: the long s and the Kelvin sign are an s and a k.
    let folded =
        |text: &str| text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    let (left, right): (String, String) = (folded(left), folded(right));
    left == right
}
