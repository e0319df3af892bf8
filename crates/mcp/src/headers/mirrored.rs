//! The `Mcp-Param-*` headers: parameters of a tool that its schema wants mirrored into headers (2026-07-28, Custom
//! Headers from Tool Parameters). Upstream they are made from the judged arguments; received ones are compared.
//! They must never be copied from a client to a server.

use json::{Decimal, Kind, Value};

use super::value;
use crate::errors::{Refusal, shown};

/// The annotation in an input schema.
const ANNOTATION: &str = "x-mcp-header";
/// The start of the header's name, as the specification spells it.
const PREFIX: &str = "Mcp-Param-";

/// Keywords whose value is one schema.
const ONE: &[&str] = &[
    "items",
    "contains",
    "unevaluatedItems",
    "additionalItems",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
];
/// Keywords whose value is a list of schemas (`items` was one in older drafts).
const LIST: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems", "items"];
/// Keywords whose value maps names to schemas (`dependencies` did in older drafts).
const MAP: &[&str] = &["patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];

/// The parameters that a tool's schema declares to be mirrored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirroredParams {
    declared: Vec<Declared>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared {
    path: Vec<String>,
    header: String,
    is_integer: bool,
}

/// An annotation that breaks the specification's rules; clients drop the whole tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnnotation {
    /// Not reached by `properties` alone, or on the schema itself.
    #[error("`x-mcp-header` stands where no chain of `properties` leads")]
    Unreachable,
    /// Not a string.
    #[error("`x-mcp-header` of `{0}` must be a string")]
    NotText(String),
    /// Empty or with characters that no header name may have.
    #[error("`x-mcp-header` of `{0}` is no header name")]
    NotAToken(String),
    /// On something else than a string, integer or boolean.
    #[error("`x-mcp-header` of `{0}` is allowed on a string, integer or boolean only")]
    NotPrimitive(String),
    /// Two properties want the same header, case aside.
    #[error("`x-mcp-header` of `{0}` repeats the header of another property")]
    Repeated(String),
}

/// A schema position: the names of the properties that lead to it, or `None` off that chain.
struct Position<'a> {
    path: Option<Vec<String>>,
    schema: Value<'a>,
}

impl MirroredParams {
    /// Nothing declared: for tools without annotations and for every other method.
    pub fn none() -> MirroredParams {
        MirroredParams::default()
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.declared.is_empty()
    }

    /// Reads the annotations of an input schema. References are not followed and data (`default`, `enum`, …) is not
    /// searched.
    ///
    /// # Errors
    /// The first annotation that breaks a rule. Conforming clients then do not offer the tool.
    pub fn from_schema(input_schema: Value<'_>) -> Result<MirroredParams, BadAnnotation> {
        let mut found = MirroredParams::none();
        let mut open = vec![Position { path: Some(Vec::new()), schema: input_schema }];
        while let Some(position) = open.pop() {
            if let Some(annotation) = position.schema.get(ANNOTATION) {
                found.declare(&position, annotation)?;
            }
            for member in position.schema.members() {
                open_below(&position, &member.key.as_cow(), member.value, &mut open);
            }
        }
        // The walk goes backwards; headers go out in the schema's order, the same every time.
        found.declared.reverse();
        Ok(found)
    }

    fn declare(&mut self, position: &Position<'_>, annotation: Value<'_>) -> Result<(), BadAnnotation> {
        let Some(path) = position.path.as_ref().filter(|path| !path.is_empty()) else {
            return Err(BadAnnotation::Unreachable);
        };
        let place = || shown(&path.join("."));
        let Some(header) = annotation.as_str() else { return Err(BadAnnotation::NotText(place())) };
        if header.is_empty() || !header.bytes().all(is_token_byte) {
            return Err(BadAnnotation::NotAToken(place()));
        }
        let type_name = position.schema.get("type").and_then(|name| name.as_str());
        if !matches!(type_name.as_deref(), Some("string" | "integer" | "boolean")) {
            return Err(BadAnnotation::NotPrimitive(place()));
        }
        if self.declared.iter().any(|other| other.header.eq_ignore_ascii_case(&header)) {
            return Err(BadAnnotation::Repeated(place()));
        }
        let is_integer = type_name.as_deref() == Some("integer");
        self.declared.push(Declared { path: path.clone(), header: header.into_owned(), is_integer });
        Ok(())
    }

    /// The headers that mirror these arguments: name and encoded value, for a request to a server. Absent, `null`
    /// and structured values have none.
    pub fn headers(&self, arguments: Option<Value<'_>>) -> Vec<(String, String)> {
        let header = |declared: &Declared| {
            let text = render(declared.find(arguments)?)?;
            Some((format!("{PREFIX}{}", declared.header), value::encode(&text).into_owned()))
        };
        self.declared.iter().filter_map(header).collect()
    }

    /// Compares the received headers (name behind the prefix in lower case, value as sent) with the arguments.
    /// Refused with -32020: one that is undeclared or came twice, one whose argument is absent or different, and an
    /// argument whose header is missing.
    pub fn check(&self, received: &[(String, String)], arguments: Option<Value<'_>>) -> Result<(), Refusal> {
        for (index, (name, _)) in received.iter().enumerate() {
            if !self.declared.iter().any(|declared| declared.header.eq_ignore_ascii_case(name)) {
                return Err(mismatch(
                    name,
                    "mirrors no parameter of this tool; call tools/list and send only what it declares",
                ));
            }
            if received.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(mismatch(name, "came more than once; send it once"));
            }
        }
        self.declared.iter().try_for_each(|declared| declared.check(received, arguments))
    }
}

impl Declared {
    fn find<'a>(&self, arguments: Option<Value<'a>>) -> Option<Value<'a>> {
        self.path.iter().try_fold(arguments?, |value, key| value.get(key))
    }

    fn check(&self, received: &[(String, String)], arguments: Option<Value<'_>>) -> Result<(), Refusal> {
        let header = received.iter().find(|(name, _)| self.header.eq_ignore_ascii_case(name));
        let argument = self.find(arguments).and_then(|value| Some((value, render(value)?)));
        match (header, argument) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(mismatch(&self.header, "mirrors an argument that the call does not have")),
            (None, Some(_)) => {
                Err(mismatch(&self.header, "is missing; mirror the argument that the schema declares"))
            }
            (Some((_, sent)), Some((value, rendered))) => match value::decode(sent) {
                Some(text) if text == rendered || self.same_integer(value, &text) => Ok(()),
                Some(_) => Err(mismatch(&self.header, "differs from the argument that it mirrors")),
                None => {
                    Err(mismatch(&self.header, "is malformed; encode its value as the specification says"))
                }
            },
        }
    }

    // 42 and 42.0 are the same integer (2026-07-28, Server Validation); exponents never are.
    fn same_integer(&self, value: Value<'_>, text: &str) -> bool {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !self.is_integer || !decimal(whole) || !decimal(fraction) || text.len() > 40 {
            return false;
        }
        let body = value.as_number().and_then(|number| number.to_decimal().ok());
        body.is_some_and(|body| body.is_integer() && Decimal::parse(text).is_ok_and(|sent| sent == body))
    }
}

fn open_below<'a>(position: &Position<'a>, keyword: &str, below: Value<'a>, open: &mut Vec<Position<'a>>) {
    if keyword == "properties" {
        for property in below.members() {
            let step = |path: &Vec<String>| {
                path.iter().cloned().chain([property.key.as_cow().into_owned()]).collect::<Vec<_>>()
            };
            open.push(Position { path: position.path.as_ref().map(step), schema: property.value });
        }
        return;
    }
    let off_chain = |schema| Position { path: None, schema };
    if ONE.contains(&keyword) {
        open.push(off_chain(below));
    }
    if LIST.contains(&keyword) {
        open.extend(below.elements().map(off_chain));
    }
    if MAP.contains(&keyword) {
        open.extend(below.members().map(|member| off_chain(member.value)));
    }
}

fn render(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => value.as_str().map(|text| text.into_owned()),
        Kind::Bool => Some(value.raw().to_owned()),
        Kind::Number => {
            let exact = value.as_number().and_then(|number| number.to_decimal().ok());
            Some(exact.map_or_else(|| value.raw().to_owned(), |decimal| decimal.to_string()))
        }
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

// A token of RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn mismatch(header: &str, what: &str) -> Refusal {
    Refusal::header_mismatch(format!("the header `{PREFIX}{}` {what}", shown(header)))
}
