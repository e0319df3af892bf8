//! The tape as the schema validator reads it: no copies, and no value of an argument in any error.

use std::borrow::Cow;

use json::{Elements, Kind, Members, Number, Value};
use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object, cmp};
use serde_json::Value as SchemaValue;

use super::equal;
use super::fuel;

/// Bytes of text that cost as much as one step.
const BYTES_PER_STEP: u64 = 64;

/// The representation: values on a tape.
pub(super) struct Tape;

/// A value. Reading it takes a step of the check.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(Content<'a>);

#[derive(Clone, Copy)]
enum Content<'a> {
    Value(Value<'a>),
    /// A property's name, which some keywords check like a value.
    Name(&'a str),
    /// The arguments of a call that has none.
    Nothing,
}

impl<'a> Node<'a> {
    /// The arguments of a call; `None` stands for `{}`.
    pub(super) fn new(arguments: Option<Value<'a>>) -> Self {
        Self(arguments.map_or(Content::Nothing, Content::Value))
    }

    /// The value, unless the bounds are reached or there is none.
    fn value(&self) -> Option<Value<'a>> {
        match self.0 {
            Content::Value(value) => fuel::take(1).then_some(value),
            Content::Name(_) | Content::Nothing => None,
        }
    }

    fn kind(&self) -> Kind {
        if !fuel::take(1) {
            return Kind::Null;
        }
        match self.0 {
            Content::Value(value) => value.kind(),
            Content::Name(_) => Kind::String,
            Content::Nothing => Kind::Object,
        }
    }
}

impl Json for Tape {
    type Node<'a> = Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = String;

    /// A lookup walks over the members, so one walk for several keys is cheaper.
    const KEYS_PER_LOOKUP: usize = 4;

    fn prepare_key(key: &str) -> Box<str> {
        Box::from(key)
    }

    fn with_string_node<T>(buffer: &mut String, string: &str, f: impl FnOnce(Node<'_>) -> T) -> T {
        buffer.clear();
        buffer.push_str(string);
        f(Node(Content::Name(buffer)))
    }
}

impl<'a> JsonNode<'a, Tape> for Node<'a> {
    type Object = Node<'a>;
    type Array = Node<'a>;
    type Number = TapeNumber<'a>;

    fn as_object(&self) -> Option<Self> {
        (self.kind() == Kind::Object).then_some(*self)
    }

    fn as_array(&self) -> Option<Self> {
        (self.kind() == Kind::Array).then_some(*self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.0 {
            Content::Name(name) => {
                fuel::take(1 + name.len() as u64 / BYTES_PER_STEP).then_some(Cow::Borrowed(name))
            }
            Content::Value(_) | Content::Nothing => {
                let text = self.value()?.as_str()?;
                fuel::take(text.len() as u64 / BYTES_PER_STEP).then_some(text)
            }
        }
    }

    fn as_number(&self) -> Option<TapeNumber<'a>> {
        self.value()?.as_number().map(TapeNumber)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.value()?.as_bool()
    }

    fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    fn json_type(&self) -> JsonType {
        match self.kind() {
            Kind::Null => JsonType::Null,
            Kind::Bool => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn is_number(&self) -> bool {
        self.kind() == Kind::Number
    }

    fn equals_value(&self, expected: &SchemaValue) -> bool {
        match self.0 {
            Content::Value(value) => {
                fuel::take(1 + value.raw().len() as u64 / BYTES_PER_STEP) && equal::equals(value, expected)
            }
            Content::Name(name) => expected.as_str() == Some(name),
            Content::Nothing => expected.as_object().is_some_and(serde_json::Map::is_empty),
        }
    }

    /// An empty value of the same type: errors carry it, and must not carry more.
    fn to_value(&self) -> Cow<'a, SchemaValue> {
        Cow::Owned(match self.kind() {
            Kind::Null => SchemaValue::Null,
            Kind::Bool => SchemaValue::Bool(false),
            Kind::Number => SchemaValue::from(0),
            Kind::String => SchemaValue::String(String::new()),
            Kind::Array => SchemaValue::Array(Vec::new()),
            Kind::Object => SchemaValue::Object(serde_json::Map::new()),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self.0 {
            Content::Value(value) => {
                Some(NodeIdentity::tagged(std::ptr::from_ref(value.document()).addr(), value.index()))
            }
            Content::Name(_) => None,
            Content::Nothing => Some(NodeIdentity::tagged(0, u32::MAX)),
        }
    }
}

impl<'a> Object<'a, Tape> for Node<'a> {
    type Node = Self;
    type MemberName = Cow<'a, str>;
    type MembersIter = MemberNodes<'a>;

    fn len(&self) -> usize {
        self.value().map_or(0, |value| value.len())
    }

    fn get(&self, key: &Box<str>) -> Option<Self> {
        let value = self.value()?.get(key)?;
        Some(Self(Content::Value(value)))
    }

    fn members(&self) -> MemberNodes<'a> {
        MemberNodes(self.value().map(|value| value.members()))
    }
}

impl<'a> Array<'a, Tape> for Node<'a> {
    type Node = Self;
    type ElementsIter = ElementNodes<'a>;

    fn len(&self) -> usize {
        self.value().map_or(0, |value| value.len())
    }

    fn elements(&self) -> ElementNodes<'a> {
        ElementNodes(self.value().map(|value| value.elements()))
    }

    fn is_unique(&self) -> bool {
        let n_bytes = self.value().map_or(0, |value| value.raw().len() as u64);
        match self.value() {
            Some(value) if fuel::take(n_bytes / BYTES_PER_STEP) => equal::all_differ(value.elements()),
            Some(_) | None => true,
        }
    }
}

/// The members of an object, until the bounds are reached.
pub(super) struct MemberNodes<'a>(Option<Members<'a>>);

impl<'a> Iterator for MemberNodes<'a> {
    type Item = (Cow<'a, str>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.0.as_mut()?.next().filter(|_| fuel::take(1))?;
        Some((member.key.as_cow(), Node(Content::Value(member.value))))
    }
}

/// The elements of an array, until the bounds are reached.
pub(super) struct ElementNodes<'a>(Option<Elements<'a>>);

impl<'a> Iterator for ElementNodes<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let value = self.0.as_mut()?.next().filter(|_| fuel::take(1))?;
        Some(Node(Content::Value(value)))
    }
}

/// A number on the tape.
pub(super) struct TapeNumber<'a>(pub(super) Number<'a>);

impl JsonNumber for TapeNumber<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.text())
    }

    /// Only equality with numbers of a schema that no primitive holds asks for it.
    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        let exact = self.0.as_i64().map(serde_json::Number::from).or_else(|| self.0.as_u64().map(Into::into));
        let nearest = || self.0.as_f64().and_then(serde_json::Number::from_f64);
        Cow::Owned(exact.or_else(nearest).unwrap_or_else(|| serde_json::Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        if !self.0.text().contains(['.', 'e', 'E']) {
            return true;
        }
        match self.0.to_decimal() {
            Ok(decimal) => decimal.is_integer(),
            Err(_) => self.0.as_f64().is_some_and(|double| double.fract() == 0.0),
        }
    }
}

/// Whether a number on the tape equals one of a schema.
pub(super) fn equal_numbers(left: Number<'_>, right: &serde_json::Number) -> bool {
    cmp::equal_numbers(&TapeNumber(left), right)
}
