//! What a path has to lead to, in words: what the policy says, turned as it is wanted.

use json::{Document, Limits};

use super::wish::Wish;
use crate::analysis::text::Want;
use crate::condition::Comparison;

/// All wishes of one path.
pub(super) fn demands(wishes: &[&Wish<'_>]) -> String {
    let mut said: Vec<String> = wishes.iter().map(|wish| demand(wish)).collect();
    said.dedup();
    said.join(" and ")
}

fn demand(wish: &Wish<'_>) -> String {
    let is_wanted = matches!(wish.want, Want::True | Want::NotFalse);
    let Comparison { operator, value, .. } = wish.comparison;
    of_elements(operator, value, is_wanted).unwrap_or_else(|| words(operator, value, is_wanted))
}

/// What the elements of a list have to be; nothing for other operators.
fn of_elements(operator: &str, value: &str, is_wanted: bool) -> Option<String> {
    let which = match (operator, is_wanted) {
        ("each", true) | ("some", false) => "each",
        ("each", false) | ("some", true) => "some",
        _ => return None,
    };
    let document = Document::scan(value.as_bytes().to_vec(), &Limits::default()).ok()?;
    let (inner, value) = (document.root().get("op")?.as_str()?, document.root().get("value")?);
    Some(format!("have {which} element {}", words(&inner, value.raw(), is_wanted)))
}

fn words(operator: &str, value: &str, is_wanted: bool) -> String {
    let (holds, fails) = match operator {
        "eq" => ("be {}", "not be {}"),
        "neq" => ("not be {}", "be {}"),
        "lt" => ("be less than {}", "be at least {}"),
        "lte" => ("be at most {}", "be more than {}"),
        "gt" => ("be more than {}", "be at most {}"),
        "gte" => ("be at least {}", "be less than {}"),
        "in" => ("be one of {}", "be none of {}"),
        "not_in" => ("be none of {}", "be one of {}"),
        "exists" if value == "true" => ("be there", "be left out"),
        "exists" => ("be left out", "be there"),
        "type" => ("be of type {}", "not be of type {}"),
        "regex" => ("match {}", "not match {}"),
        "contains" => ("hold {}", "not hold {}"),
        "prefix" => ("start with {}", "not start with {}"),
        "suffix" => ("end with {}", "not end with {}"),
        "glob" => ("match the glob {}", "not match the glob {}"),
        "len_lte" => ("have at most {} characters or elements", "have more than {} characters or elements"),
        "len_gte" => ("have at least {} characters or elements", "have fewer than {} characters or elements"),
        "host_in" => ("be a URL on {}", "be a URL on another host than {}"),
        "cidr" => ("be an address in {}", "be an address outside of {}"),
        "path_under" => ("be a path in {}", "be a path outside of {}"),
        "eq_path" => ("equal {}", "differ from {}"),
        "within_schema" => ("fit the schema of the policy", "not fit the schema of the policy"),
        _ => ("answer the policy's condition with true", "answer the policy's condition with false"),
    };
    (if is_wanted { holds } else { fails }).replace("{}", &value.replace('"', "`"))
}
