//! The words of expressions in CEL: what can be called, and the signs between values.
//! Everything else that CEL has is refused when the document loads.

use super::{Entry, Table, built};

/// Functions and macros.
pub(crate) const CEL_FUNCTIONS: Table = Table { title: "functions of `cel`", entries: FUNCTIONS };
const FUNCTIONS: &[Entry] = &[
    built(
        "has",
        "`has(args.a.b)`: whether it is there; null and a missing step on the way count as missing.",
    ),
    built("size", "`size(x)` or `x.size()`: how many characters a text has, or how many elements a list."),
    built("startsWith", "`x.startsWith('a')`: whether a text starts so."),
    built("endsWith", "`x.endsWith('a')`: whether a text ends so."),
    built("contains", "`x.contains('a')`: whether a text holds this one."),
    built(
        "matches",
        "`x.matches('^a')` or `matches(x, '^a')`: the pattern of `regex`, written out as a text.",
    ),
    built("all", "`list.all(x, condition)`: each element fulfils it; true for an empty list."),
    built("exists", "`list.exists(x, condition)`: some element fulfils it."),
    built(
        "exists_one",
        "`list.exists_one(x, condition)`: exactly one element fulfils it; an error where one cannot be judged.",
    ),
    built("int", "`int(x)`: a whole number, or the one that a text spells; an error for a fraction."),
    built("double", "`double(x)`: a number, or the one that a text spells."),
    built("string", "`string(x)`: the text of a boolean or of a number of up to 15 digits."),
];

/// Signs.
pub(crate) const CEL_SIGNS: Table = Table { title: "signs of `cel`", entries: SIGNS };
const SIGNS: &[Entry] = &[
    built("==", "Equal values of one type; of two types an error. Not for lists and objects. Likewise `!=`."),
    built("<", "Numbers, or texts by code point. Likewise `<=`, `>` and `>=`."),
    built("in", "An element of a list (`x in ['a', 'b']`, `'a' in args.tags`), or a member of an object."),
    built("&&", "Both hold. A false on either side decides, whatever stands in the way of the other."),
    built("||", "Either holds. A true on either side decides, whatever stands in the way of the other."),
    built("!", "The opposite."),
    built("? :", "`condition ? a : b`."),
    built("+", "The exact sum, or two texts in one. Likewise `-` and `*` of numbers."),
    built(
        "/",
        "The exact quotient; an error by zero, where it has no end (1 / 3), and where CEL would cut a whole number.",
    ),
    built(
        "%",
        "What is left of the division of whole numbers, with the sign of the first; an error by zero.",
    ),
    built("[ ]", "An element of a list by its number from 0, or a member by its name: `args['a-b']`."),
];
