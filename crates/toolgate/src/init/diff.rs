//! The difference between two texts, line by line, for people who are asked to accept it.

/// One line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Where the following lines stand, counted from 1 in the old text.
    Place(usize),
    /// In both.
    Same(&'a str),
    /// Only in the old text.
    Old(&'a str),
    /// Only in the new text.
    New(&'a str),
}

/// Lines around a change that are shown as well.
const N_CONTEXT: usize = 1;

/// The changed lines with a little around them; empty when nothing changed.
#[must_use]
pub fn diff<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    shorten(&script(&old, &new))
}

/// All lines in order. Both texts differ in few places, so equal ends are cut off before the search.
fn script<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let n_head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(n_head..).unwrap_or_default(), new.get(n_head..).unwrap_or_default());
    let n_tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |rest: &[&'a str]| rest.get(..rest.len() - n_tail).unwrap_or_default().to_vec();
    let mut lines: Vec<Line<'a>> = old.iter().take(n_head).map(|line| Line::Same(line)).collect();
    lines.extend(shortest(&middle(old_rest), &middle(new_rest)));
    lines.extend(old_rest.iter().skip(old_rest.len() - n_tail).map(|line| Line::Same(line)));
    lines
}

/// For a number of changes, how far into the old text each diagonal `-changes..=changes` leads.
type Reach = Vec<usize>;

/// A shortest script, found by walking furthest along each diagonal for a growing number of changes.
fn shortest<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let mut reaches: Vec<Reach> = Vec::new();
    for n_changes in 0..=old.len() + new.len() {
        let mut reach: Reach = vec![0; 2 * n_changes + 1];
        for diagonal in diagonals(n_changes) {
            let mut x = enter(&reaches, n_changes, diagonal).0;
            let mut y = to_y(x, diagonal);
            while old.get(x).is_some_and(|line| new.get(y) == Some(line)) {
                (x, y) = (x + 1, y + 1);
            }
            if let Some(place) = slot(n_changes, diagonal).and_then(|slot| reach.get_mut(slot)) {
                *place = x;
            }
            if x >= old.len() && y >= new.len() {
                return walk_back(old, new, &reaches);
            }
        }
        reaches.push(reach);
    }
    Vec::new()
}

fn walk_back<'a>(old: &[&'a str], new: &[&'a str], reaches: &[Reach]) -> Vec<Line<'a>> {
    let (mut x, mut y) = (old.len(), new.len());
    let mut lines = Vec::new();
    for n_changes in (0..=reaches.len()).rev() {
        let (start, is_old) = enter(reaches, n_changes, x as isize - y as isize);
        while x > start && y > 0 {
            (x, y) = (x - 1, y - 1);
            lines.extend(old.get(x).map(|line| Line::Same(line)));
        }
        if n_changes == 0 {
            break;
        }
        if is_old {
            x -= 1;
            lines.extend(old.get(x).map(|line| Line::Old(line)));
        } else {
            y -= 1;
            lines.extend(new.get(y).map(|line| Line::New(line)));
        }
    }
    lines.reverse();
    lines
}

/// Where a diagonal is entered with so many changes, and whether by dropping an old line.
fn enter(reaches: &[Reach], n_changes: usize, diagonal: isize) -> (usize, bool) {
    let Some(before) = n_changes.checked_sub(1) else { return (0, false) };
    let at = |diagonal: isize| {
        let slot = slot(before, diagonal)?;
        reaches.get(before)?.get(slot).copied()
    };
    match (at(diagonal + 1), at(diagonal - 1)) {
        (Some(above), left) if left.is_none_or(|left| left < above) => (above, false),
        (_, left) => (left.map_or(0, |left| left + 1), true),
    }
}

fn diagonals(n_changes: usize) -> impl Iterator<Item = isize> {
    let edge = n_changes as isize;
    (-edge..=edge).step_by(2)
}

fn to_y(x: usize, diagonal: isize) -> usize {
    usize::try_from(x as isize - diagonal).unwrap_or(0)
}

fn slot(n_changes: usize, diagonal: isize) -> Option<usize> {
    usize::try_from(n_changes as isize + diagonal).ok()
}

/// Leaves out what is far from any change.
fn shorten<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let is_change = |line: &Line<'_>| matches!(line, Line::Old(_) | Line::New(_));
    let near = |index: usize| {
        let from = index.saturating_sub(N_CONTEXT);
        lines.iter().skip(from).take(index - from + N_CONTEXT + 1).any(is_change)
    };
    let mut shown = Vec::new();
    let mut old_line = 0;
    let mut is_open = false;
    for (index, line) in lines.iter().enumerate() {
        old_line += usize::from(!matches!(line, Line::New(_)));
        let is_near = near(index);
        if is_near && !is_open {
            shown.push(Line::Place(old_line.max(1)));
        }
        if is_near {
            shown.push(*line);
        }
        is_open = is_near;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Line, diff};

    fn show(old: &str, new: &str) -> String {
        let text = |line: &Line<'_>| match line {
            Line::Place(line) => format!("@{line}"),
            Line::Same(text) => format!(" {text}"),
            Line::Old(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
        };
        diff(old, new).iter().map(text).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn differences() {
        for (old, new, expected) in [
            ("", "", ""),
            ("a\nb", "a\nb", ""),
            ("a\nb\nc\nd", "a\nb\nC\nd", "@2| b|-c|+C| d"),
            ("", "a", "@1|+a"),
            ("a", "", "@1|-a"),
            ("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\nX\n3\n4\n5\n6\n7\n8\nY", "@1| 1|-2|+X| 3|@8| 8|-9|+Y"),
            ("a\nb\nc", "a\nc", "@1| a|-b| c"),
            ("a\nc", "a\nb\nc", "@1| a|+b| c"),
            ("x\na\nb", "a\nb\ny", "@1|-x| a| b|+y"),
        ] {
            assert_eq!(show(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn applying_a_difference_gives_the_new_text() {
        let words = ["a", "b", "c"];
        let texts: Vec<String> = (0..81)
            .map(|n| [n % 3, n / 3 % 3, n / 9 % 3, n / 27].map(|index| words[index]).join("\n"))
            .collect();
        for old in &texts {
            for new in &texts {
                let lines = super::script(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
                let side = |is_new: bool| {
                    let kept = lines.iter().filter_map(|line| match line {
                        Line::Same(text) => Some(*text),
                        Line::Old(text) => (!is_new).then_some(*text),
                        Line::New(text) => is_new.then_some(*text),
                        Line::Place(_) => None,
                    });
                    kept.collect::<Vec<_>>().join("\n")
                };
                assert_eq!((side(false), side(true)), (old.clone(), new.clone()));
            }
        }
    }
}
