//! `arguments`, `repair` and `numbers`: how the arguments of a call are checked and read.

use super::reader::{Fields, Reader};
use crate::datum::Numbers;
use crate::policy::ArgumentRules;
use crate::registry::{ARGUMENT_KEYS, NUMBERS, SCHEMA_CHECKS, UNKNOWN_ARGUMENTS};

/// Reads these keys.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> ArgumentRules {
    let repair = fields.get("repair").and_then(|place| reader.boolean(&place));
    let numbers =
        fields.get("numbers").and_then(|place| reader.word(&place, &NUMBERS)).map(|word| match word {
            "arbitrary" => Numbers::Arbitrary,
            _ => Numbers::Double,
        });
    let Some(object) = fields.get("arguments").and_then(|place| reader.object(&place, &ARGUMENT_KEYS)) else {
        return ArgumentRules { repair, numbers, ..ArgumentRules::default() };
    };
    let check = object.get("check").and_then(|place| reader.word(&place, &SCHEMA_CHECKS));
    let unknown = object.get("unknown").and_then(|place| reader.word(&place, &UNKNOWN_ARGUMENTS));
    ArgumentRules {
        check: check.map(|word| word == "schema"),
        deny_unknown: unknown.map(|word| word == "deny"),
        repair,
        numbers,
    }
}
