//! The text of a normalised document: a tree of values, written on as few lines as people read well.
//! Knows nothing of policies.

use json::write_string;

/// Values up to this width stay on one line.
const LINE_WIDTH: usize = 110;
/// A value of a normalised document.
pub(super) enum Tree {
    Leaf(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// An object with keys of the language.
pub(super) fn object(members: Vec<(&'static str, Tree)>) -> Tree {
    Tree::Object(members.into_iter().map(|(key, tree)| (key.to_owned(), tree)).collect())
}

/// A text.
pub(super) fn text(text: &str) -> Tree {
    Tree::Leaf(quoted(text))
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_string(&mut bytes, text);
    String::from_utf8(bytes).unwrap_or_default()
}

impl Tree {
    /// On one line.
    pub(super) fn compact(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::compact).collect();
                if elements.is_empty() { "[]".to_owned() } else { format!("[{}]", elements.join(", ")) }
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, tree)| format!("{}: {}", quoted(key), tree.compact()))
                    .collect();
                if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
            }
        }
    }

    /// Containers of plain values stay on one line where they fit; the document and its tools never do.
    pub(super) fn write(&self, out: &mut String, depth: usize) {
        let compact = self.compact();
        let fits = depth >= 2 && compact.chars().count() + depth * 2 <= LINE_WIDTH;
        match self {
            Self::Array(elements) if !elements.is_empty() && !fits && depth > 1 => {
                out.push('[');
                write_lines(out, depth, elements.iter().map(|element| (None, element)));
                out.push(']');
            }
            Self::Object(members) if !members.is_empty() && !fits => {
                out.push('{');
                write_lines(out, depth, members.iter().map(|(key, tree)| (Some(key), tree)));
                out.push('}');
            }
            Self::Leaf(_) | Self::Array(_) | Self::Object(_) => out.push_str(&compact),
        }
    }
}

fn write_lines<'a>(
    out: &mut String,
    depth: usize,
    lines: impl Iterator<Item = (Option<&'a String>, &'a Tree)>,
) {
    let indent = "  ".repeat(depth + 1);
    for (index, (key, tree)) in lines.enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&indent);
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        tree.write(out, depth + 1);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}
