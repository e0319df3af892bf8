//! The texts that a JSON Schema accepts, as a language that is never too small.
//! Keywords that are not read here narrow nothing; a pattern that has no certain translation neither.

use json::{Kind, Value};

use super::language::Language;

/// Schemas nested deeper narrow nothing; those of real tools have a few levels.
const MAX_DEPTH: usize = 16;

impl Language {
    /// The texts that this schema may accept.
    pub(crate) fn of_schema(schema: Value<'_>) -> Self {
        of(schema, MAX_DEPTH)
    }
}

fn of(schema: Value<'_>, depth: usize) -> Language {
    if schema.as_bool() == Some(false) {
        return Language::Nothing;
    }
    // In older drafts a reference stands for the whole schema, whatever is written beside it.
    let Some(depth) = depth.checked_sub(1).filter(|_| schema.is_object() && schema.get("$ref").is_none())
    else {
        return Language::Everything;
    };
    let parts = |keyword: &str| {
        let list = schema.get(keyword).filter(|list| list.is_array());
        list.map(|list| list.elements().map(|part| of(part, depth)).collect::<Vec<_>>())
    };
    let either = |keyword: &str| parts(keyword).map(Language::any);
    let length = |keyword: &str| schema.get(keyword).and_then(whole_number);
    let narrowed = [
        schema.get("type").map(of_type),
        schema.get("const").map(|value| listed([value].into_iter())),
        schema.get("enum").filter(|list| list.is_array()).map(|list| listed(list.elements())),
        schema.get("pattern").and_then(|pattern| Some(Language::matching(&translated(&pattern.as_str()?)?))),
        length("minLength").map(|least| Language::of_length(least, None)),
        length("maxLength").map(|most| Language::of_length(0, Some(most))),
        parts("allOf").map(Language::all),
        either("anyOf"),
        either("oneOf"),
    ];
    Language::all(narrowed.into_iter().flatten())
}

/// Everything where texts are allowed.
fn of_type(wanted: Value<'_>) -> Language {
    let is_text = |value: Value<'_>| value.as_str().is_some_and(|name| name == "string");
    let allows = is_text(wanted) || wanted.is_array() && wanted.elements().any(is_text);
    if allows { Language::Everything } else { Language::Nothing }
}

fn listed<'a>(values: impl Iterator<Item = Value<'a>>) -> Language {
    Language::Texts(values.filter_map(|value| value.as_str()).map(Box::from).collect())
}

fn whole_number(value: Value<'_>) -> Option<u64> {
    if value.kind() != Kind::Number {
        return None;
    }
    value.as_number()?.to_decimal().ok()?.to_string().parse().ok()
}

/// A pattern of ECMAScript in the syntax of the machines; nothing where it could mean something else here.
fn translated(pattern: &str) -> Option<String> {
    let mut source = String::with_capacity(pattern.len() * 2);
    let mut in_brackets = false;
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => source.push_str(&escape(letters.next()?)?),
            '[' if in_brackets => return None,
            '[' => {
                in_brackets = true;
                source.push('[');
                source.extend(letters.next_if_eq(&'^'));
                if letters.peek() == Some(&']') {
                    return None;
                }
            }
            ']' if in_brackets => {
                in_brackets = false;
                source.push(']');
            }
            '&' | '~' | '-' if in_brackets && letters.peek() == Some(&letter) => return None,
            '(' if letters.peek() == Some(&'?') => {
                letters.next();
                source.push_str("(?:");
                letters.next_if_eq(&':')?;
            }
            // Here a dot stands for fewer letters in ECMAScript.
            other => source.push(other),
        }
    }
    (!in_brackets).then_some(source)
}

/// An escape, inside or outside of brackets.
fn escape(escaped: char) -> Option<String> {
    const SPACE: &str = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";
    Some(match escaped {
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        's' => format!("[{SPACE}]"),
        'S' => format!("[^{SPACE}]"),
        't' | 'n' | 'r' | 'f' | 'v' => format!("\\{escaped}"),
        mark if mark.is_ascii_punctuation() => format!("\\{mark}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Budget, solve};
    use super::*;
    use crate::schema::Schema;
    use crate::testing::document;

    /// A text that a schema accepts, or what else the search says.
    fn check(schema: &str, expected: &Answer) {
        let schema = document(schema);
        let compiled = Schema::compile(schema.root()).unwrap();
        let mut accept =
            |text: &str| compiled.accepts(Some(document(&format!("{text:?}")).root())) == Some(true);
        let answer = solve(&[], &[Language::of_schema(schema.root())], &mut accept, &mut Budget::default());
        assert_eq!(answer, *expected, "{}", schema.root().raw());
    }

    #[test]
    fn texts_of_schemas() {
        for (schema, expected) in [
            (r#"{"type": "string", "pattern": "^[a-z]{2}-\\d+$"}"#, "aa-0"),
            (r#"{"type": ["string", "null"], "minLength": 3.0, "maxLength": 5}"#, "aaa"),
            (r#"{"enum": [5, "b", "a"]}"#, "b"),
            (r#"{"const": "x"}"#, "x"),
            (r#"{"anyOf": [{"type": "number"}, {"pattern": "^\\S+@(?:a|b)\\.com$"}]}"#, "a@a.com"),
            (r#"{"oneOf": [{"maxLength": 2}, {"maxLength": 4}]}"#, "aaa"),
            (r#"{"allOf": [{"pattern": "^a"}, {"pattern": "b$"}]}"#, "ab"),
            (r#"{"pattern": "[\\w.]+/[^/\\s]$"}"#, "a/a"),
            (r#"{"pattern": "^[\\]a]\\]$"}"#, "a]"),
            (r#"{"pattern": "^(?=a)"}"#, "a"),
        ] {
            if Schema::compile(document(schema).root()).is_ok() {
                check(schema, &Answer::Witness(expected.to_owned()));
            }
        }
        for schema in [
            r#"{"type": "number"}"#,
            r#"{"enum": [5]}"#,
            r#"{"pattern": "^a", "allOf": [{"pattern": "^b"}]}"#,
            r#"{"minLength": 2, "enum": ["a", "b"]}"#,
            r#"{"anyOf": [false, {"type": "null"}]}"#,
        ] {
            check(schema, &Answer::Impossible);
        }
    }

    #[test]
    fn what_has_no_certain_translation_narrows_nothing() {
        for pattern in
            [r"\bа", r"\cA", "[[a]", "[a--b]", "[a&&b]", "(?<x>a)", "(?i)a", "[]a]", r"\u0041", r"\p{L}", "["]
        {
            assert_eq!(translated(pattern), None, "{pattern}");
        }
        for pattern in ["{}", "a{2}", r"^\/[a-z-]+\.$"] {
            assert!(translated(pattern).is_some(), "{pattern}");
        }
        let foreign =
            document(r##"{"$ref": "#/$defs/a", "pattern": "^b", "$defs": {"a": {"pattern": "^a"}}}"##);
        assert_eq!(Language::of_schema(foreign.root()), Language::Everything);
    }
}
