//! `path_under` as languages: paths with one reading, in or beside a folder.
//! Which letters are the other case of one beyond ASCII is not followed; there the two sides differ.

use super::bounds::{Between, Bounds};
use super::language::Language;
use crate::operator::Folder;

pub(super) fn bounds(folders: &[Folder]) -> Bounds {
    let when_true = Language::all([plain(), Language::any(folders.iter().map(below))]);
    let when_false = |is_outer: bool| {
        Language::all([plain()].into_iter().chain(folders.iter().map(|folder| beside(folder, is_outer))))
    };
    Bounds {
        when_true: Between::exactly(when_true),
        when_false: Between { outer: when_false(true), inner: when_false(false) },
    }
}

/// Readable paths: tried before others.
pub(super) fn examples(folders: &[Folder]) -> impl Iterator<Item = String> {
    let of = |folder: &Folder| {
        let start = if folder.is_absolute() { "/" } else { "" };
        let path = format!("{start}{}", folder.parts().collect::<Vec<_>>().join("/"));
        let below = format!("{}/a", path.trim_end_matches('/'));
        [path, below, format!("{start}other")]
    };
    folders.iter().flat_map(of)
}

/// The paths that have one reading.
fn plain() -> Language {
    let other = r"(?i-u:%2e|%2f|%5c|%25|%00)|\A~|[\p{Cc}\\]|(?:\A|/)\.\.(?:/|\z)";
    Language::all([Language::matching(other).not(), Language::of_length(1, None)])
}

/// The folder and what is below it, as it is written.
fn below(folder: &Folder) -> Language {
    inside(folder, &|part| regex::escape(part))
}

/// The paths that are neither in the folder nor in its other spellings.
fn beside(folder: &Folder, is_outer: bool) -> Language {
    let start = Language::matching(r"\A/");
    let start = if folder.is_absolute() { start } else { start.not() };
    Language::all([start, inside(folder, &|part| in_any_case(part, is_outer)).not()])
}

/// The paths whose first parts are these. Empty parts and `.` do not count.
fn inside(folder: &Folder, spell: &dyn Fn(&str) -> String) -> Language {
    let mut source = String::from(r"\A");
    let mut parts = folder.parts().peekable();
    if parts.peek().is_none() {
        source.push_str(if folder.is_absolute() { "/" } else { "(?:[^/]|\\z)" });
        return Language::matching_across_lines(&source);
    }
    source.push_str(if folder.is_absolute() { r"/(?:\.?/)*" } else { r"(?:\./(?:\.?/)*)?" });
    while let Some(part) = parts.next() {
        source.push_str(&spell(part));
        source.push_str(if parts.peek().is_some() { r"/(?:\.?/)*" } else { r"(?:/|\z)" });
    }
    Language::matching_across_lines(&source)
}

/// A part and what is equal to it in lower case; with letters beyond ASCII anything or only itself, so that what is
/// outside of it is never too small or never too large.
fn in_any_case(part: &str, is_outer: bool) -> String {
    if !part.is_ascii() {
        return if is_outer { regex::escape(part) } else { "[^/]*[^/[:ascii:]][^/]*".to_owned() };
    }
    let spell = |letter: char| match letter {
        // The Kelvin sign is the one letter beyond ASCII with one of ASCII as its lower case.
        'k' | 'K' => "[kK\u{212a}]".to_owned(),
        letter if letter.is_ascii_alphabetic() => {
            format!("[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase())
        }
        letter => regex::escape(letter.encode_utf8(&mut [0; 4])),
    };
    part.chars().map(spell).collect()
}
