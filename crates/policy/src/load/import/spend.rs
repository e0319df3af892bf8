//! `spend_limit: $500/day`. It says neither which argument is the amount nor in which unit that is, so the operator has
//! to; without that it is refused.

use super::counter::{self, Amount, Counted};
use super::rule::Tool;
use super::{Translation, keys};
use crate::diagnostic::code;
use crate::load::reader::{Fields, Place, Problem};

/// What the operator says of amounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spend<'o> {
    /// The argument.
    pub(super) path: &'o str,
    /// How many units of the argument are one of the limit's: 100 where it is in cents.
    pub(super) per_unit: u32,
}

/// Reads it under a tool.
pub(super) fn read(translation: &mut Translation<'_>, tool: &mut Tool<'_>, place: &Place<'_>) -> Option<()> {
    let text = translation.reader.text(place)?.into_owned();
    let Some((units, window)) = parse(&text) else {
        let message =
            format!("`{text}` is no sum per window; write it as `$500/day`, with `minute`, `hour` or `day`");
        translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    };
    if tool.name == "*" {
        refuse(translation, place, "every tool");
        return None;
    }
    let Some(Spend { path, per_unit }) = translation.spend else {
        let message = format!(
            "`spend_limit` does not say which argument of `{}` is the amount, nor in which unit; say it with \
             `--spend-from args.amount`, and `--spend-unit cents` where it is in cents",
            tool.name
        );
        translation.reader.report(place, Problem::new(code::MISSING_KEY, message));
        return None;
    };
    let Some(max) = units.checked_mul(u64::from(per_unit)) else {
        translation.reader.report(place, Problem::new(code::BAD_VALUE, "the sum is too large"));
        return None;
    };
    let counter = format!("_spend_{window}");
    let counted = Counted { counter: &counter, window, max, what: Amount::Argument(path) };
    counter::add(translation, tool, None, place, &counted);
    Some(())
}

/// Refuses it where tools without an amount would be meant too.
pub(super) fn refuse_anywhere(translation: &mut Translation<'_>, fields: &Fields<'_>, whose: &str) {
    if let Some(place) = fields.get("spend_limit") {
        refuse(translation, &place, whose);
    }
}

fn refuse(translation: &mut Translation<'_>, place: &Place<'_>, whose: &str) {
    let message = format!(
        "a `spend_limit` of {whose} has no equivalent, because a call without the amount would be denied; write it \
         under each tool that spends"
    );
    translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
}

/// `$500/day`: whole units and a window.
fn parse(text: &str) -> Option<(u64, &'static str)> {
    let (sum, window) = text.strip_prefix('$')?.split_once('/')?;
    let is_plain = !sum.is_empty() && sum.bytes().all(|byte| byte.is_ascii_digit());
    let units = sum.parse().ok().filter(|_| is_plain)?;
    Some((units, keys::WINDOWS.find(window)?.name))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sums_per_window() {
        for (text, expected) in [
            ("$500/day", Some((500, "day"))),
            ("$1/hour", Some((1, "hour"))),
            ("500/day", None),
            ("$500", None),
            ("$500/week", None),
            ("$-5/day", None),
            ("$1.50/day", None),
            ("$1,000/day", None),
            ("$/day", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
