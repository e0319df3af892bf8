//! Sets of texts as one expression: patterns, listed texts, lengths, and what is made of them.
//! Each says exactly which texts it holds; where an operator is not exact, two of them bound it.

/// A set of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Language {
    /// Every text.
    Everything,
    /// No text.
    Nothing,
    /// The texts in which a pattern matches somewhere.
    Matching(Pattern),
    /// These texts.
    Texts(Vec<Box<str>>),
    /// The texts of so many characters, which are Unicode scalar values.
    Length { at_least: u64, at_most: Option<u64> },
    /// All other texts.
    Not(Box<Language>),
    /// The texts that are in all of them.
    All(Vec<Language>),
    /// The texts that are in at least one.
    Any(Vec<Language>),
}

/// A pattern of the `regex` crate's syntax, unanchored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(super) source: Box<str>,
    /// Whether `.` stands for a line break too.
    pub(super) dot_is_any: bool,
}

impl Language {
    /// The texts in which a pattern matches, with the classes that it is written with.
    pub(crate) fn matching(source: &str) -> Self {
        Self::Matching(Pattern { source: source.into(), dot_is_any: false })
    }

    /// The same, where `.` stands for a line break too.
    pub(super) fn matching_across_lines(source: &str) -> Self {
        Self::Matching(Pattern { source: source.into(), dot_is_any: true })
    }

    /// One text.
    pub(crate) fn text(text: &str) -> Self {
        Self::Texts(vec![text.into()])
    }

    /// These texts.
    pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(texts.into_iter().map(Box::from).collect())
    }

    /// The texts that start with this one.
    pub(crate) fn starting_with(text: &str) -> Self {
        Self::matching(&format!(r"\A{}", regex::escape(text)))
    }

    /// The texts that end with this one.
    pub(crate) fn ending_with(text: &str) -> Self {
        Self::matching(&format!(r"{}\z", regex::escape(text)))
    }

    /// The texts that hold this one.
    pub(crate) fn holding(text: &str) -> Self {
        Self::matching(&regex::escape(text))
    }

    /// The names that a pattern of names covers: `*` and `**` stand for any letters, all else for itself.
    pub(crate) fn named(pattern: &str) -> Self {
        if !pattern.contains('*') {
            return Self::text(pattern);
        }
        let parts: Vec<_> = pattern.split('*').map(regex::escape).collect();
        Self::matching_across_lines(&format!(r"\A{}\z", parts.join(".*")))
    }

    /// The texts of at least and at most so many characters.
    pub(crate) const fn of_length(at_least: u64, at_most: Option<u64>) -> Self {
        Self::Length { at_least, at_most }
    }

    /// What `time.date` can be, and a few dates that no month has.
    pub(crate) fn dates() -> Self {
        Self::matching(
            r"\A(?:1969|19[7-9][0-9]|[2-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\z",
        )
    }

    /// All other texts.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Everything => Self::Nothing,
            Self::Nothing => Self::Everything,
            Self::Not(inner) => *inner,
            other @ (Self::Matching(_)
            | Self::Texts(_)
            | Self::Length { .. }
            | Self::All(_)
            | Self::Any(_)) => Self::Not(Box::new(other)),
        }
    }

    /// The texts that are in all of them.
    pub(crate) fn all(languages: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for language in languages {
            match language {
                Self::Everything => {}
                Self::Nothing => return Self::Nothing,
                Self::All(inner) => all.extend(inner),
                other @ (Self::Matching(_)
                | Self::Texts(_)
                | Self::Length { .. }
                | Self::Not(_)
                | Self::Any(_)) => all.push(other),
            }
        }
        match (all.len(), all.pop()) {
            (1, Some(only)) => only,
            (_, Some(last)) => {
                all.push(last);
                Self::All(all)
            }
            (_, None) => Self::Everything,
        }
    }

    /// The texts that are in at least one of them.
    pub(crate) fn any(languages: impl IntoIterator<Item = Self>) -> Self {
        Self::all(languages.into_iter().map(Self::not)).not_any()
    }

    /// The complement of an intersection of complements, as a union.
    fn not_any(self) -> Self {
        match self {
            Self::All(parts) => Self::Any(parts.into_iter().map(Self::not).collect()),
            other @ (Self::Everything
            | Self::Nothing
            | Self::Matching(_)
            | Self::Texts(_)
            | Self::Length { .. }
            | Self::Not(_)
            | Self::Any(_)) => other.not(),
        }
    }
}
