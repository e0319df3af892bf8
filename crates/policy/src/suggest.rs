//! "Did you mean": the nearest known word to an unknown one.
//! Pure guessing for messages; nothing here may ever decide what a document means.

/// The candidate nearest to `word`, when one is near enough to be a plausible slip.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let allowed = (folded.len() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and the choice between `-`, `_` and space are the commonest slips; they cost nothing.
fn fold(word: &str) -> Vec<char> {
    word.chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .map(|letter| if matches!(letter, '-' | ' ') { '_' } else { letter })
        .collect()
}

/// Edits (insert, delete, replace, swap neighbours) that turn `left` into `right`.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(letter != other);
            let mut best = replaced.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if is_swap(left, right, row, column) {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(left.len())
}

/// Whether the letters at `row`/`column` and the ones before them are the same two, swapped.
fn is_swap(left: &[char], right: &[char], row: usize, column: usize) -> bool {
    row > 0 && column > 0 && left.get(row) == right.get(column - 1) && left.get(row - 1) == right.get(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["default", "hide", "tools", "version", "max", "window", "deny_if", "gt", "gte"];

    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, KEYS.iter().copied()), expected, "{word}");
    }

    #[test]
    fn finds_slips_and_nothing_else() {
        check("defualt", Some("default"));
        check("Default", Some("default"));
        check("deny-if", Some("deny_if"));
        check("denyif", Some("deny_if"));
        check("maxx", Some("max"));
        check("tool", Some("tools"));
        check("versoin", Some("version"));
        check("gtt", Some("gt"));
        check("colour", None);
        check("x", None);
        check("", None);
    }

    #[test]
    fn long_words_cost_bounded_work() {
        check(&"a".repeat(100_000), None);
    }
}
