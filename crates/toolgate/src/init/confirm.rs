//! Asks the operator for a yes. Anything else, also no answer at all, is a no.

use std::io::BufRead as _;

use crate::output::Output;

/// Asks on the terminal, unless the operator said yes to everything beforehand.
///
/// # Errors
/// When standard input or output is closed in between.
pub fn confirm(output: Output, question: &str, is_yes_to_all: bool) -> std::io::Result<bool> {
    if is_yes_to_all {
        return Ok(true);
    }
    if output.is_json() {
        return Ok(false);
    }
    output.ask(&format!("{question} [y/N]"))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_is_a_yes() {
        for (answer, expected) in
            [("y\n", true), ("Yes\r\n", true), ("", false), ("\n", false), ("n\n", false), ("yep\n", false)]
        {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
