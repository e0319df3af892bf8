//! Reads one TOML table key by key and reports what it holds besides the keys that were asked for.
//! A key that nobody asks for is an error: a mistyped setting must never be silently without effect.

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};
use toml::value::Datetime;

use super::quantity;
use super::report::{Place, Report};
use super::suggest;

/// A value together with its place in the file.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub place: Place,
}

/// One table while it is being read.
pub struct Table<'t, 'i> {
    entries: &'t DeTable<'i>,
    report: &'t Report<'t>,
    /// Dotted name for messages, such as `servers.imaging`; empty at the top.
    name: String,
    /// Where the table begins.
    pub place: Place,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t, 'i> Table<'t, 'i> {
    /// A table that is about to be read.
    #[must_use]
    pub fn new(entries: &'t DeTable<'i>, report: &'t Report<'t>, name: String, place: Place) -> Self {
        Self { entries, report, name, place, asked: RefCell::new(Vec::new()) }
    }

    /// Where this table's problems go.
    #[must_use]
    pub fn report(&self) -> &'t Report<'t> {
        self.report
    }

    /// Whether a key is written, whatever its type.
    #[must_use]
    pub fn place_of(&self, key: &'static str) -> Option<Place> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// A string.
    pub fn string(&self, key: &'static str) -> Option<Placed<&'t str>> {
        let value = self.raw(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(key, value, "a string in quotes");
            return None;
        };
        Some(Placed { value: text.as_ref(), place: value.span() })
    }

    /// True or false.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.raw(key)?;
        let DeValue::Boolean(truth) = value.get_ref() else {
            self.wrong_type(key, value, "true or false");
            return None;
        };
        Some(*truth)
    }

    /// A duration in milliseconds, written as a string.
    pub fn duration_ms(&self, key: &'static str) -> Option<Placed<u64>> {
        let value = self.raw(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(key, value, "a duration in quotes such as \"30s\", \"5m\" or \"2h\"");
            return None;
        };
        self.parsed(key, value.span(), quantity::duration_ms(text))
    }

    /// A size in bytes, written as a number or a string.
    pub fn size_bytes(&self, key: &'static str) -> Option<Placed<u64>> {
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::String(text) => self.parsed(key, value.span(), quantity::size_bytes(text)),
            DeValue::Integer(number) => {
                let size = u64::from_str_radix(number.as_str(), number.radix());
                self.parsed(key, value.span(), size.map_err(|_| "must be a number of bytes, not below zero"))
            }
            DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.wrong_type(key, value, "a number of bytes or a size in quotes such as \"4 MiB\"");
                None
            }
        }
    }

    /// A date and time, as TOML's own type or as a string.
    pub fn datetime(&self, key: &'static str) -> Option<Placed<Datetime>> {
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::Datetime(instant) => Some(Placed { value: *instant, place: value.span() }),
            DeValue::String(text) => {
                let parsed = text.parse().map_err(|_| "must be RFC 3339, such as `2027-01-31T18:00:00Z`");
                self.parsed(key, value.span(), parsed)
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.wrong_type(key, value, "a date and time such as 2027-01-31T18:00:00Z");
                None
            }
        }
    }

    /// An array of strings.
    pub fn strings(&self, key: &'static str) -> Option<Placed<Vec<Placed<&'t str>>>> {
        let value = self.raw(key)?;
        self.string_items(key, value)
    }

    /// A table inside this one.
    pub fn table(&self, key: &'static str) -> Option<Table<'t, 'i>> {
        let value = self.raw(key)?;
        let name = self.dotted(key);
        let DeValue::Table(entries) = value.get_ref() else {
            self.wrong_type(key, value, &format!("a table, `[{name}]`"));
            return None;
        };
        let place = self.place_of(key).unwrap_or(value.span());
        Some(Table::new(entries, self.report, name, place))
    }

    /// All keys that are written.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&'t str> {
        self.entries.keys().map(|key| key.get_ref().as_ref()).collect()
    }

    /// All entries of a table whose keys are free (ids, variable names) and whose values are tables,
    /// in the order in which they are written.
    #[must_use]
    pub fn tables(&self) -> Vec<(Placed<&'t str>, Table<'t, 'i>)> {
        let mut found = Vec::new();
        for (key, value) in self.entries {
            let name = self.dotted(key.get_ref());
            let DeValue::Table(entries) = value.get_ref() else {
                self.wrong_type(key.get_ref(), value, &format!("a table, `[{name}]`"));
                continue;
            };
            let id = Placed { value: key.get_ref().as_ref(), place: key.span() };
            found.push((id, Table::new(entries, self.report, name, key.span())));
        }
        found.sort_by_key(|(id, _)| id.place.start);
        found
    }

    /// All entries of a table whose keys are free and whose values are strings.
    #[must_use]
    pub fn free_strings(&self) -> Vec<(Placed<&'t str>, Placed<&'t str>)> {
        let mut found = Vec::new();
        for (key, value) in self.entries {
            let DeValue::String(text) = value.get_ref() else {
                self.wrong_type(key.get_ref(), value, "a string in quotes");
                continue;
            };
            let name = Placed { value: key.get_ref().as_ref(), place: key.span() };
            found.push((name, Placed { value: text.as_ref(), place: value.span() }));
        }
        found
    }

    /// All entries of a table whose keys are free and whose values are arrays of strings.
    #[must_use]
    pub fn free_lists(&self) -> Vec<(Placed<&'t str>, Vec<Placed<&'t str>>)> {
        let mut found = Vec::new();
        for (key, value) in self.entries {
            if let Some(items) = self.string_items(key.get_ref(), value) {
                found.push((Placed { value: key.get_ref().as_ref(), place: key.span() }, items.value));
            }
        }
        found
    }

    /// Reports every key that was never asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                let suggestion = suggest::closest(name, asked.iter().copied());
                let message = format!("unknown key `{}`", self.dotted(name));
                self.report.error_with(&key.span(), message, suggestion);
            }
        }
    }

    /// The name of a key with this table's name in front.
    #[must_use]
    pub fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn raw(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().push(key);
        self.entries.get(key)
    }

    fn parsed<T>(&self, key: &str, place: Place, parsed: Result<T, &'static str>) -> Option<Placed<T>> {
        match parsed {
            Ok(value) => Some(Placed { value, place }),
            Err(expected) => {
                self.report.error(&place, format!("`{}` {expected}", self.dotted(key)));
                None
            }
        }
    }

    fn string_items(
        &self,
        key: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<Placed<Vec<Placed<&'t str>>>> {
        const EXPECTED: &str = "a list of strings such as [\"one\", \"two\"]";
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, EXPECTED);
            return None;
        };
        let texts = self.texts_of(key, items, EXPECTED);
        (texts.len() == items.len()).then(|| Placed { value: texts, place: value.span() })
    }

    fn texts_of(&self, key: &str, items: &'t DeArray<'i>, expected: &str) -> Vec<Placed<&'t str>> {
        let mut texts = Vec::new();
        for item in items {
            if let DeValue::String(text) = item.get_ref() {
                texts.push(Placed { value: text.as_ref(), place: item.span() });
            } else {
                self.wrong_type(key, item, expected);
            }
        }
        texts
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.report.error(&value.span(), format!("`{}` must be {expected}, not {found}", self.dotted(key)));
    }
}
