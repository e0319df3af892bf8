//! What expressions answer, and what is refused before any call.

use super::*;
use crate::datum::Numbers;
use crate::decision::Facts;
use crate::input::{Given, Known, Tool};
use crate::testing::document;
use crate::truth::Truth::{Error, False, True, Unknown};

const ARGUMENTS: &str = r#"{"n": 5, "half": 2.5, "big": 9007199254740993, "s": "acc-7", "e": "\u00e9\n", "t": true,
    "none": null, "list": [1, 2, 3], "mixed": [1, "a", null], "empty": [], "o": {"a": {"b": 1}, "k-l": "x"},
    "items": [{"p": 1, "q": "a"}, {"p": 2.5}], "Case": 1, "d.e": 1, "num": "7", "tenth": 0.1}"#;

fn judge(text: &str, arguments: &str) -> Truth {
    let expression = Expression::compile(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    let document = document(arguments);
    let labels = ["ops".to_owned(), "eu".to_owned()];
    // 2026-11-20, a Friday, 09:30 UTC.
    let facts = Facts::new("g", "s", "t").labelled(&labels).at(1_795_167_000_000);
    let tool = Tool { server: "srv".into(), name: "pay".into(), ..Tool::default() };
    let arguments = Given::Known(Known::undeclared(document.root()));
    expression.judge(Input { arguments, facts: Some(&facts), tool: &tool, numbers: Numbers::Double })
}

fn check(text: &str, expected: Truth) {
    assert_eq!(judge(text, ARGUMENTS), expected, "{text}");
}

#[test]
fn comparisons() {
    check("args.n == 5", True);
    check("args.n == 5.0", True);
    check("args.n != 5", False);
    check("args.n < 5.5 && args.n > 4 && args.n >= 5 && args.n <= 5", True);
    check("args.tenth + 0.2 == 0.3", True);
    check("args.s == 'acc-7'", True);
    check("args.s > \"abc\" && args.s < 'b'", True);
    check("args.e == 'é\\n'", True);
    check("args.t", True);
    check("args.t == false", False);
    check("!args.t", False);
    check("args.n == '5'", Error);
    check("args.n != '5'", Error);
    check("args.t == 1", Error);
    check("args.n", Error);
    check("args.list == 1", Error);
}

#[test]
fn missing_values_are_errors() {
    for text in
        ["args.z == 1", "args.z != 1", "args.none == 1", "args.o.z == 1", "args.z.y == 1", "args.z in [1]"]
    {
        check(text, Error);
    }
    check("has(args.n)", True);
    check("has(args.z) || has(args.none) || has(args.o.z) || has(args.z.y)", False);
    check("has(args.o.a.b) && has(args.o['k-l'])", True);
    check("has(args.s.x)", Error);
    check("!has(args.z) || args.z == 1", True);
    check("has(args.z) && args.z == 1", False);
    check("has(args.z) ? args.z == 1 : args.n == 5", True);
}

#[test]
fn errors_are_absorbed_by_what_decides() {
    check("args.z == 1 || args.n == 5", True);
    check("args.n == 5 || args.z == 1", True);
    check("args.z == 1 && args.n == 6", False);
    check("args.n == 6 && args.z == 1", False);
    check("args.z == 1 || args.n == 6", Error);
    check("args.z == 1 && args.n == 5", Error);
    check("!(args.z == 1)", Error);
    check("(args.z == 1) == true", Error);
}

#[test]
fn other_spellings_and_dots_are_errors() {
    check("args.case == 1", Error);
    check("has(args.case)", Error);
    check("args.d.e == 1", Error);
    check("args['d.e'] == 1", True);
    check("'case' in args.o", False);
    assert_eq!(judge("args.o.a == 1", r#"{"o": {"A": 1, "a": 1}}"#), Error);
    assert_eq!(judge("args.l.all(x, x.a == 1)", r#"{"l": [{"a": 1, "A": 2}]}"#), Error);
    assert_eq!(judge("'a' in args.o", r#"{"o": {"A": 1}}"#), Error);
}

#[test]
fn numbers_are_exact_or_errors() {
    check("args.big == 1", Error);
    check("args.big > 1", Error);
    check("has(args.big)", True);
    check("args.n * 2 + 1 == 11 && args.n - 6 == -1 && -args.n == -5", True);
    check("args.n / 2 == 2.5", True);
    check("args.n / 3 > 1", Error);
    check("args.n / 0 == 1", Error);
    check("size(args.list) / 2 == 1", Error);
    check("size(args.mixed) / 3 == 1", True);
    check("args.n % 3 == 2 && -args.n % 3 == -2", True);
    check("args.half % 2 == 0", Error);
    check("args.n % 0 == 0", Error);
    check("args.n * args.half == 12.5", True);
    check("args.n + args.s == 'x'", Error);
    check("args.s + '-x' == 'acc-7-x'", True);
}

#[test]
fn texts() {
    check("args.s.startsWith('acc-') && args.s.endsWith('7') && args.s.contains('c-')", True);
    check("args.n.startsWith('5')", Error);
    check("args.s.matches('^acc-[0-9]$') && matches(args.s, 'c')", True);
    check(r"args.s.matches(r'^\w+$')", False);
    check("args.s.size() == 5 && size(args.e) == 2", True);
    check("args.n.matches('5')", Error);
}

#[test]
fn lists() {
    check("args.n in [1, 5]", True);
    check("args.n in ['5', 5]", True);
    check("args.n in ['5']", Error);
    check("args.s in args.list", Error);
    check("2 in args.list", True);
    check("4 in args.list", False);
    check("'a' in args.mixed", True);
    check("'b' in args.mixed", Error);
    check("'a' in args.empty", False);
    check("'k-l' in args.o && !('z' in args.o)", True);
    check("args.n in args.s", Error);
    check("args.list[0] == 1 && args.items[1].p == 2.5 && args.items[0]['q'] == 'a'", True);
    check("args.list[3] == 1", Error);
    check("args.list[-1] == 1", Error);
    check("args.list[0.5] == 1", Error);
    check("args.mixed[2] == 1", Error);
    check("size(args.list) == 3 && args.empty.size() == 0 && size(args.mixed) == 3", True);
    check("size(args.o) == 2", Error);
}

#[test]
fn macros() {
    check("args.list.all(x, x < 4)", True);
    check("args.list.all(x, x < 3)", False);
    check("args.list.exists(x, x == 3)", True);
    check("args.list.exists_one(x, x > 2)", True);
    check("args.list.exists_one(x, x > 1)", False);
    check("args.empty.all(x, x == 1)", True);
    check("args.empty.exists(x, x == 1)", False);
    check("args.mixed.exists(x, x == 1)", True);
    check("args.mixed.exists(x, x == 2)", Error);
    check("args.mixed.all(x, x == 2)", False);
    check("args.mixed.exists_one(x, x == 1)", Error);
    check("args.items.all(i, i.p > 0)", True);
    check("args.items.all(i, i.q == 'a')", Error);
    check("args.items.all(i, !has(i.q) || i.q == 'a')", True);
    check("args.list.all(x, args.items.exists(i, i.p <= x))", True);
    check("['acc-', 'b'].exists(p, args.s.startsWith(p))", True);
    check("args.n.all(x, x == 1)", Error);
    check("args.z.all(x, x == 1)", Error);
}

#[test]
fn facts() {
    check("grant.id == 'g' && server.id == 'srv' && tool.name == 'pay'", True);
    check("'ops' in grant.labels && grant.labels.exists(l, l == 'eu') && grant.labels[0] == 'ops'", True);
    check(
        "time.hour == 9 && time.minute == 30 && time.weekday == 'friday' && time.date == '2026-11-20'",
        True,
    );
    check("time.date < '2027-01-01' && time.weekday in ['friday']", True);
    check("has(input.confirm)", False);
    check("input.confirm.ok == true", Error);
}

#[test]
fn conversions() {
    check("int(args.n) == 5 && int(args.num) == 7 && double(args.num) == 7.0", True);
    check("int(args.half) == 2", Error);
    check("int(args.s) == 2", Error);
    check("string(args.n) == '5' && string(args.half) == '2.5' && string(args.t) == 'true'", True);
    check("string(args.n * 1e20) == '5'", Error);
    check("int(size(args.list)) / 2 == 1", Error);
    check("double(size(args.list)) / 2 == 1.5", True);
}

#[test]
fn what_is_not_known_yet_is_unknown() {
    let judge = |text: &str| {
        let expression = Expression::compile(text).unwrap();
        let tool = Tool { name: "pay".into(), ..Tool::default() };
        let arguments = Given::Unknown { possible: None };
        expression.judge(Input { arguments, facts: None, tool: &tool, numbers: Numbers::Double })
    };
    for text in [
        "args.a == 1",
        "has(args.a)",
        "args.a.all(x, x == 1)",
        "args.a + 'x' == string(1 + args.b)",
        "time.hour < 5",
        "args.a == 1 && tool.name == 'pay'",
        "1 in args.a",
        "args.a ? true : true",
        "size(args.a) / 0 == args.b",
    ] {
        assert_eq!(judge(text), Unknown, "{text}");
    }
    assert_eq!(judge("args.a == 1 && tool.name == 'x'"), False);
    assert_eq!(judge("args.a == 1 || tool.name == 'pay'"), True);
    assert_eq!(judge("args.a == 1 || 1 / 0 == 1"), Unknown);
}

#[test]
fn what_is_not_known_may_take_all_steps() {
    let tool = Tool { name: "pay".into(), ..Tool::default() };
    let arguments = Given::Unknown { possible: None };
    let possible = |text: &str| {
        let expression = Expression::compile(text).unwrap();
        expression.possible(Input { arguments, facts: None, tool: &tool, numbers: Numbers::Double })
    };
    let read = possible("args.a == 'x' || tool.name == 'pay'");
    assert!(read.has(True) && read.has(Error) && !read.has(False));
    let unread = possible("tool.name == 'pay' || args.a == 'x'");
    assert!(unread.has(True) && !unread.has(Error));
    let long = format!(r#"{{"a": "{}"}}"#, "x".repeat(700_000));
    assert_eq!(judge("args.a == 'x' || tool.name == 'pay'", &long), Error);
}

#[test]
fn the_bound_is_an_error_and_counts_alike() {
    let list = |n: usize| format!(r#"{{"l": [{}0]}}"#, "0,".repeat(n));
    let text = "args.l.all(a, args.l.all(b, a == b))";
    assert_eq!(judge(text, &list(20)), True);
    assert_eq!(judge(text, &list(200)), Error);
    assert_eq!(judge(&format!("has(args.l) || {text}"), &list(200)), True);
    let long = format!(r#"{{"s": "{}"}}"#, "x".repeat(700_000));
    assert_eq!(judge("args.s.startsWith('x')", &long), Error);
    assert_eq!(judge("args.s.matches('y')", &format!(r#"{{"s": "{}"}}"#, "x".repeat(100_000))), False);
    let doubling = format!("size({}) > 1", vec!["args.s"; 25].join(" + "));
    assert_eq!(judge(&doubling, &format!(r#"{{"s": "{}"}}"#, "x".repeat(100_000))), Error);
}

/// The first mistake, as its place and a part of what it says.
fn refused(text: &str, offset: usize, part: &str) {
    let mistakes = Expression::compile(text).expect_err(text);
    let first = mistakes.first().unwrap();
    assert!(first.offset == offset && first.message.contains(part), "{text}: {mistakes:?}");
}

#[test]
fn mistakes_have_a_place() {
    refused("", 0, "the expression ends");
    refused("args.a ==", 9, "a value was expected");
    refused("args.a == 1 args.b", 12, "the end");
    refused("args.a = 1", 7, "no meaning");
    refused("(args.a == 1", 12, "`)`");
    refused("args == 1", 0, "such as `args.name`");
    refused("identity.name == 'x'", 0, "not built");
    refused("time.year == 1", 0, "`time.hour`");
    refused("tool.annotations.x == 1", 0, "only restrict");
    refused("null == args.a", 0, "counts as missing");
    refused("args.a == 9007199254740993", 10, "round trip");
    refused("args.a == 007", 10, "");
    refused("args.a == {}", 10, "maps");
    refused("args.a == [1]", 10, "behind `in`");
    refused("args.a in []", 0, "empty");
    refused("args.a + 1", 0, "true or false");
    refused("args.a && 5", 10, "true or false");
    refused("!5 || args.a", 1, "before what is true");
    refused("'a' < 5 || args.a", 6, "never compared");
    refused("args.a == 1 == 2", 15, "never compared");
    refused("grant.labels == 'x'", 0, "not compared");
    refused("time.hour == 'x'", 13, "never compared");
    refused("time.weekday == 'firday'", 16, "a weekday");
    refused("time.weekday in ['friday', 'x']", 27, "a weekday");
    refused("grant.id.startsWith(5)", 20, "about texts");
    refused("size(5) == args.n", 5, "no size");
    refused("args.a.matches(args.b)", 15, "written out");
    refused("args.a.matches('(?=a)')", 15, "look-around");
    refused("has(5) || args.a", 4, "asks for a member");
    refused("args.l.all(args, args.x)", 11, "meaning here already");
    refused("args.l.all(x, args.m.all(x, x == 1))", 25, "meaning here already");
    refused("args.l.all(5, true)", 11, "name of a variable");
    refused("[1, 2].size() == args.n", 0, "behind a list in brackets");
    refused("startsWith(args.a, 'x')", 0, "stands behind a value");
    refused("args.a.has()", 7, "before its parentheses");
    refused("1 == 1", 0, "reads nothing");
    refused("int(args.a, 2) == 1", 0, "int(x)");
}

#[test]
fn unknown_names_are_all_reported() {
    let mistakes = Expression::compile("arg.a == 1 && amount > 2 && args.s.starts_with('x') && len(foo) > 1")
        .unwrap_err();
    let found: Vec<_> =
        mistakes.iter().map(|mistake| (mistake.offset, mistake.meant.as_deref().unwrap())).collect();
    assert_eq!(found, [(0, "args"), (14, "args.amount"), (35, "startsWith"), (55, "size")]);
    assert!(mistakes.iter().all(|mistake| mistake.is_unknown));
}

#[test]
fn expressions_have_a_size() {
    refused(&format!("{}args.a{}", "(".repeat(100), ")".repeat(100)), 32, "at most");
    refused(&format!("{}args.a", "!".repeat(100)), 32, "at most");
    refused(&vec!["args.a"; 502].join("&&"), 4000, "at most");
    refused(&format!("{}1 == args.a", "1+".repeat(100)), 0, "at most");
    refused(&" ".repeat(5000), 0, "4096 bytes");
    let deep = format!("{}1{}", "args.l[".repeat(100), "]".repeat(100));
    assert!(Expression::compile(&deep).is_err());
    assert_eq!(judge(&vec!["args.n == 5"; 80].join(" && "), ARGUMENTS), True);
}
