//! How commands and changes are shown to the operator before a yes.

use crate::output::{Output, Tone, plain};

use super::diff::{self, Line};
use super::splice;

/// A command as one would type it; every argument stays one word to the eye.
#[must_use]
pub fn command(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", plain(word).replace('\'', r"'\''"))
}

/// The changed lines of a file, without the values of variables and headers.
#[must_use]
pub fn changes(output: Output, old: &[u8], new: &[u8]) -> Vec<String> {
    let (old, new) = (splice::masked(old), splice::masked(new));
    let show = |line: &Line<'_>| match line {
        Line::Place(line) => output.paint(Tone::Quiet, format!("@@ line {line} @@")),
        Line::Same(text) => format!(" {}", tabbed(text)),
        Line::Old(text) => output.paint(Tone::Bad, format!("-{}", tabbed(text))),
        Line::New(text) => output.paint(Tone::Good, format!("+{}", tabbed(text))),
    };
    diff::diff(&old, &new).iter().map(show).collect()
}

/// A line of a file; its tabs are harmless.
fn tabbed(line: &str) -> String {
    line.split('\t').map(plain).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn words_stay_apart_and_harmless() {
        for (words, expected) in [
            (&["npx", "-y", "@scope/pkg@1.0"][..], "npx -y @scope/pkg@1.0"),
            (&["sh", "-c", "a b; c"], "sh -c 'a b; c'"),
            (&["a", "", "it's"], r"a '' 'it'\''s'"),
            (&["${HOME}/x"], "'${HOME}/x'"),
            (&["a\u{1b}[2Jb"], "'a\u{fffd}[2Jb'"),
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(command(&words), expected);
        }
    }
}
