//! The manual: a page for every operator and every word that this version enforces, each with an example that is run.
//! Made from the registry that the loader and the evaluator use, so that it cannot say something else.

use json::{Document, Limits, Value};

use super::{Status, Table, tables};
use crate::operator::OPERATORS;

/// Documents that show the words of tables.
const EXAMPLES: &str = include_str!("examples.json");
/// For each operator a path, a value, arguments that it holds for, and some that it does not.
const OPERATOR_EXAMPLES: &str = include_str!("operators.json");

/// What the manual says of one word in one place.
#[derive(Debug, Clone)]
pub struct Page {
    /// The word.
    pub word: &'static str,
    /// The place that holds it, such as `a limit`, or `operators`.
    pub title: &'static str,
    /// One line.
    pub doc: &'static str,
    /// What `value` must be, of an operator.
    pub value: Option<&'static str>,
    /// When it is an error, of an operator.
    pub errors: Option<&'static str>,
    /// A policy, or a file of cases, that shows it.
    pub example: String,
    /// The policy that judges the example, where that is a file of cases.
    pub judged_by: Option<String>,
}

/// All pages: the operators, then the tables in the order of the manual.
#[must_use]
pub fn pages() -> Vec<Page> {
    let of_operators = scan(OPERATOR_EXAMPLES);
    let operators = OPERATORS.iter().map(|operator| Page {
        word: operator.name,
        title: "operators",
        doc: operator.doc,
        value: Some(operator.value),
        errors: Some(operator.errors),
        example: of_operators
            .as_ref()
            .and_then(|document| document.root().get(operator.name))
            .map(|example| operator_example(operator.name, example))
            .unwrap_or_default(),
        judged_by: None,
    });
    let mut pages: Vec<Page> = operators.collect();
    let examples = scan(EXAMPLES);
    let examples: Vec<Value<'_>> = examples.iter().flat_map(|document| document.root().elements()).collect();
    for table in tables() {
        let built = table.entries.iter().filter(|entry| entry.status == Status::Built);
        pages.extend(built.map(|entry| {
            let shown = shortest(&examples, &table, entry.name);
            let text = |key: &str| shown.and_then(|shown| shown.get(key)).map(|value| dedented(value.raw()));
            let (cases, document) = (text("cases"), text("document"));
            let (example, judged_by) = match cases {
                Some(cases) => (cases, document),
                None => (document.unwrap_or_default(), None),
            };
            let (word, title, doc) = (entry.name, table.title, entry.doc);
            Page { word, title, doc, value: None, errors: None, example, judged_by }
        }));
    }
    pages
}

fn scan(text: &str) -> Option<Document> {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).ok()
}

/// The shortest example of a table that holds the word.
fn shortest<'a>(examples: &[Value<'a>], table: &Table, word: &str) -> Option<Value<'a>> {
    let is_about = |example: &&Value<'a>| {
        let titles = example.get("about").into_iter().flat_map(|about| about.elements());
        titles.filter_map(|title| title.as_str()).any(|title| title == table.title)
    };
    let holds = |example: &&Value<'a>| {
        let shown = example.get("cases").or_else(|| example.get("document"));
        shown.is_some_and(|shown| shows(shown.raw(), table, word))
    };
    let fitting = examples.iter().filter(is_about).filter(holds);
    fitting.min_by_key(|example| example.raw().len()).copied()
}

/// Whether a text holds the word: as a whole string, or inside of a path or an expression.
fn shows(text: &str, table: &Table, word: &str) -> bool {
    let is_inside = table.title.contains("`cel`") || table.title == "the first part of a path";
    let holds =
        |part: &str| if is_inside { text.contains(part) } else { text.contains(&format!("\"{part}\"")) };
    word.split_whitespace().all(holds)
}

/// A policy that requires one comparison, and two tests of it.
fn operator_example(name: &str, example: Value<'_>) -> String {
    let part = |index: usize| example.elements().nth(index).map(|value| value.raw()).unwrap_or_default();
    let (path, value, holding, other) = (part(0), part(1), part(2), part(3));
    let comparison = format!("{{ \"path\": {path}, \"op\": \"{name}\", \"value\": {value} }}");
    let test = |arguments: &str, expect: &str| {
        format!(
            "    {{ \"call\": {{ \"tool\": \"x\", \"arguments\": {arguments} }}, \"expect\": \"{expect}\" }}"
        )
    };
    [
        "{".to_owned(),
        "  \"version\": \"1\", \"default\": \"deny\",".to_owned(),
        format!("  \"tools\": {{ \"x\": {{ \"require\": [{{ \"conditions\": [{comparison}] }}] }} }},"),
        "  \"tests\": [".to_owned(),
        format!("{},", test(holding, "allow")),
        test(other, "deny"),
        "  ]".to_owned(),
        "}".to_owned(),
    ]
    .join("\n")
}

/// A value of a file without the indentation that it has there.
fn dedented(raw: &str) -> String {
    let further = || raw.lines().skip(1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = further().map(indent).min().unwrap_or(0).saturating_sub(2);
    let mut lines: Vec<&str> = raw.lines().take(1).collect();
    lines.extend(further().map(|line| line.get(least..).unwrap_or(line)));
    lines.join("\n")
}
