//! Finds the known word that a mistyped one was probably meant to be.
//! It only ever suggests; nothing is corrected silently.

/// The closest of `known` when it is close enough to be a slip of the hand.
#[must_use]
pub fn closest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded: Vec<char> = typed.to_lowercase().replace('-', "_").chars().collect();
    // A third of the letters may differ: `lisen` is a slip, `port` for `listen` is another word.
    let n_allowed = (folded.len() / 3).max(1);
    known
        .into_iter()
        .map(|word| {
            (distance(&folded, &word.to_lowercase().replace('-', "_").chars().collect::<Vec<_>>()), word)
        })
        .filter(|(n_edits, _)| *n_edits <= n_allowed)
        .min_by_key(|(n_edits, _)| *n_edits)
        .map(|(_, word)| word)
}

/// Edits between two words: insert, delete, replace, or swap of two neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut n_edits =
                (at(&last, j) + usize::from(letter != other)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(other) && b.get(j - 1) == Some(letter);
            if swapped {
                n_edits = n_edits.min(at(&before_last, j - 1) + 1);
            }
            row.push(n_edits);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn suggests_slips_and_nothing_else() {
        let known = ["listen", "admin_listen", "data", "durability", "baseline"];
        for (typed, expected) in [
            ("lisen", Some("listen")),
            ("litsen", Some("listen")),
            ("Listen", Some("listen")),
            ("admin-listen", Some("admin_listen")),
            ("durabilty", Some("durability")),
            ("dat", Some("data")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, known), expected, "`{typed}`");
        }
    }
}
