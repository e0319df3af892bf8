//! The search against single texts, and against all short ones.

use proptest::prelude::*;

use super::*;
use crate::operator::{self, Check};
use crate::testing::document;

fn check(operator: &str, value: &str) -> Check {
    let operator = operator::find(operator).unwrap();
    let document = document(value);
    Check { test: (operator.prepare)(document.root()).unwrap(), negated: operator.negated }
}

/// Asks for a text: each line is an operator, its value and what is wanted.
fn ask(lines: &[(&str, &str, Want)], also: &[Language]) -> Answer {
    let checks: Vec<_> =
        lines.iter().map(|(operator, value, want)| (check(operator, value), *want)).collect();
    let demands: Vec<_> =
        checks.iter().map(|(check, want)| Demand { test: &check.test, want: *want }).collect();
    let answer = solve(&demands, also, &mut |_| true, &mut Budget::default());
    if let Answer::Witness(text) = &answer {
        for demand in &demands {
            assert!(demand.want.is_met_by(demand.test.judge_text(text)), "{text} {lines:?}");
        }
    }
    answer
}

fn finds(lines: &[(&str, &str, Want)], expected: &str) {
    assert_eq!(ask(lines, &[]), Answer::Witness(expected.to_owned()), "{lines:?}");
}

fn proves_none(lines: &[(&str, &str, Want)]) {
    assert_eq!(ask(lines, &[]), Answer::Impossible, "{lines:?}");
}

use Want::{False, NotFalse, NotTrue, True};

#[test]
fn readable_texts() {
    finds(&[("prefix", "\"s3://in/\"", True)], "s3://in/");
    finds(
        &[("prefix", "\"s3://\"", True), ("prefix", "\"s3://in\"", NotTrue), ("suffix", "\".md\"", True)],
        "s3://.md",
    );
    finds(&[("regex", "\"^[a-z]+$\"", NotTrue)], "0");
    finds(&[("regex", "\"^prod\"", NotTrue), ("len_gte", "3", True)], "aaa");
    finds(&[("regex", "\"^[ -~]*$\"", NotTrue)], "é");
    finds(&[("in", "[\"a\", \"b\"]", True), ("eq", "\"a\"", NotTrue)], "b");
    finds(&[("in", "[\"a\", \"b\"]", NotTrue), ("len_lte", "1", True)], "c");
    finds(&[("len_lte", "0", True)], "");
    finds(&[("glob", "\"/w/*.md\"", True), ("contains", "\"ab\"", True)], "/w/ab.md");
    finds(&[("host_in", "\"example.com\"", True)], "https://example.com/");
    finds(
        &[("host_in", "\"*.example.com\"", True), ("host_in", "\"www.example.com\"", False)],
        "https://a.example.com/",
    );
    finds(
        &[("host_in", "\"example.com\"", NotFalse), ("host_in", "\"example.com\"", NotTrue)],
        "https://example.com:8081/",
    );
    finds(&[("cidr", "\"10.0.0.0/8\"", True)], "10.0.0.0");
    finds(&[("cidr", "\"10.0.0.0/8\"", True), ("cidr", "\"10.0.0.0/9\"", NotTrue)], "10.128.0.0");
    finds(&[("cidr", "\"fd00::/8\"", True), ("cidr", "\"fd00::/16\"", False)], "fd01::");
    finds(&[("cidr", "\"10.0.0.0/8\"", NotTrue), ("cidr", "\"10.0.0.0/8\"", NotFalse)], "x");
    finds(&[("path_under", "\"/srv/docs\"", True), ("path_under", "\"/srv/docs/a\"", False)], "/srv/docs");
    finds(&[("type", "\"string\"", True), ("lt", "5", NotTrue)], "a");
}

#[test]
fn what_no_text_does() {
    proves_none(&[("prefix", "\"a\"", True), ("prefix", "\"b\"", True)]);
    proves_none(&[("regex", "\"^[a-c]+$\"", True), ("regex", "\"[a-c]\"", NotTrue)]);
    proves_none(&[("glob", "\"/w/*\"", True), ("glob", "\"/w/**\"", False)]);
    proves_none(&[("len_gte", "4", True), ("regex", "\"^.{0,3}$\"", True)]);
    proves_none(&[("in", "[\"ab\", \"ac\"]", True), ("prefix", "\"b\"", True)]);
    proves_none(&[("host_in", "\"a.com\"", True), ("host_in", "[\"*.a.com\", \"a.com\"]", NotTrue)]);
    proves_none(&[("host_in", "\"*.b.a.com\"", True), ("host_in", "\"*.a.com\"", NotTrue)]);
    proves_none(&[("host_in", "\"a.com\"", True), ("prefix", "\"ftps:///\"", True)]);
    proves_none(&[("cidr", "\"10.1.0.0/16\"", True), ("cidr", "\"10.0.0.0/8\"", NotTrue)]);
    proves_none(&[("cidr", "\"fd00:1::/32\"", True), ("cidr", "\"fd00::/8\"", NotTrue)]);
    proves_none(&[("cidr", "\"10.0.0.0/8\"", True), ("prefix", "\"11.\"", True)]);
    proves_none(&[("path_under", "\"/a/b\"", True), ("path_under", "\"/a\"", NotTrue)]);
    proves_none(&[("path_under", "\"/a\"", True), ("contains", "\"/../\"", True)]);
    proves_none(&[("lt", "5", True)]);
    proves_none(&[("lt", "5", False)]);
    proves_none(&[("contains", "7", NotFalse), ("contains", "7", False)]);
    proves_none(&[("type", "[\"number\", \"array\"]", NotFalse)]);
    let months = Language::dates();
    assert_eq!(ask(&[("prefix", "\"2026-13\"", True)], std::slice::from_ref(&months)), Answer::Impossible);
    let found = ask(&[("prefix", "\"2026-1\"", True)], &[months]);
    assert_eq!(found, Answer::Witness("2026-10-01".to_owned()));
}

#[test]
fn what_is_asked_for_beside() {
    let mut budget = Budget::default();
    let names = Language::all([Language::named("get_*"), Language::named("*_user").not()]);
    let mut accept = |_: &str| true;
    assert_eq!(example(&names, &mut accept, &mut budget), Answer::Witness("get_".to_owned()));
    let none = Language::all([names, Language::named("**t_*").not()]);
    assert_eq!(example(&none, &mut accept, &mut budget), Answer::Impossible);
    let short = [Language::of_length(1, Some(1)), Language::matching("^[xyz]$")];
    let three = distinct(3, &[], &short, &mut accept, &mut budget);
    assert_eq!(three, Several::Witnesses(["x", "y", "z"].map(str::to_owned).to_vec()));
    assert_eq!(distinct(4, &[], &short, &mut accept, &mut budget), Several::Impossible);
}

#[test]
fn nothing_is_claimed_that_is_not_proved() {
    let mut budget = Budget::default();
    let refused = solve(&[], &[], &mut |_| false, &mut budget);
    assert_eq!(refused, Answer::GaveUp(GIVEN_UP_ON_OFFERS.0));
    let few = solve(&[], &[Language::text("a")], &mut |_| false, &mut budget);
    assert_eq!(few, Answer::GaveUp(GIVEN_UP_ON_OFFERS.0));
    let long = check("len_gte", "1000");
    let demands = [Demand { test: &long.test, want: True }];
    let poor = solve(&demands, &[], &mut |_| true, &mut Budget::of_states(100));
    assert_eq!(poor, Answer::GaveUp(GIVEN_UP_ON_STATES.0));
    let nasty = check("regex", "\"(a|b)*a(a|b){18}$\"");
    let other = check("regex", "\"b{19}$|^[^b]|[^ab]\"");
    let demands = [Demand { test: &nasty.test, want: True }, Demand { test: &other.test, want: NotTrue }];
    let answer =
        solve(&demands, &[Language::matching("^[ab]*c$")], &mut |_| true, &mut Budget::of_states(5_000));
    assert!(matches!(answer, Answer::GaveUp(_)), "{answer:?}");
    let apart = check("regex", r#""^\\Ba$""#);
    let demands = [Demand { test: &apart.test, want: True }];
    assert_ne!(solve(&demands, &[], &mut |_| true, &mut budget), Answer::Witness("a".to_owned()));
}

/// Comparisons of every kind that say much about short texts of a few letters.
const COMPARISONS: &[(&str, &str)] = &[
    ("eq", "\"a\""),
    ("eq", "\"\""),
    ("eq", "\"éa\""),
    ("eq", "5"),
    ("neq", "\"ab\""),
    ("in", "[\"a\", \"ab\", \"/\"]"),
    ("in", "[\"é\", 5]"),
    ("in", "[1]"),
    ("not_in", "[\"\", \"b\"]"),
    ("regex", "\"a\""),
    ("regex", "\"^a*$\""),
    ("regex", "\"^(a|b)/\""),
    ("regex", "\"b$\""),
    ("regex", "\"^$\""),
    ("regex", r#""\\bb""#),
    ("regex", r#""a\\B""#),
    ("regex", r#""^\\w+$""#),
    ("regex", r#""\\W""#),
    ("regex", r#""(?i)A""#),
    ("regex", "\"^.$\""),
    ("regex", "\"[^a-c]{2}\""),
    ("regex", r#""(?m)^a$""#),
    ("regex", r#""\\pL{3}""#),
    ("regex", "\"\""),
    ("contains", "\"ab\""),
    ("contains", "\"é\""),
    ("contains", "5"),
    ("prefix", "\"a\""),
    ("prefix", "\"a/\""),
    ("suffix", "\"b\""),
    ("suffix", "\"/\""),
    ("glob", "\"a*\""),
    ("glob", "\"*/b\""),
    ("glob", "\"**b\""),
    ("glob", "\"a/**\""),
    ("glob", "\"*\""),
    ("len_lte", "2"),
    ("len_gte", "1"),
    ("len_gte", "3"),
    ("len_lte", "0"),
    ("len_gte", "0"),
    ("type", "\"string\""),
    ("type", "[\"number\"]"),
    ("lt", "3"),
    ("exists", "true"),
    ("exists", "false"),
    ("path_under", "\"/a\""),
    ("path_under", "\"a\""),
    ("path_under", "[\"/\", \"b\"]"),
    ("path_under", "\"./\""),
    ("path_under", "\"b/a\""),
    ("each", r#"{"op": "prefix", "value": "b"}"#),
    ("some", r#"{"op": "neq", "value": "b"}"#),
];
const LETTERS: &[&str] = &["a", "b", "A", "/", ".", "é", "\n", "K", "~", "\u{212a}"];

/// Comparisons of what a text stands for.
const READINGS: &[(&str, &str)] = &[
    ("host_in", "\"a.b\""),
    ("host_in", "\"*.b\""),
    ("host_in", "[\"a.b:8080\", \"[::1]\"]"),
    ("host_in", "\"a.b:443\""),
    ("host_in", "\"1.2.3.4\""),
    ("host_in", "\"b\""),
    ("host_in", "[\"*.a.b\", \"x1\"]"),
    ("host_in", "\"a.b:80\""),
    ("cidr", "\"1.2.3.0/24\""),
    ("cidr", "\"1.2.0.0/15\""),
    ("cidr", "\"::/0\""),
    ("cidr", "[\"::1\", \"1.2.3.4\"]"),
    ("cidr", "\"0.0.0.0/0\""),
    ("cidr", "\"fd00::/8\""),
    ("cidr", "\"1.2.3.128/25\""),
    ("prefix", "\"https://\""),
    ("prefix", "\"1.2\""),
    ("suffix", "\"/\""),
    ("suffix", "\"4\""),
    ("contains", "\"8080\""),
    ("regex", r#""\\B""#),
    ("path_under", "\"/é/k\""),
    ("regex", "\"^https?://[^/]*b\""),
    ("regex", "\"^[0-9.]+$\""),
    ("len_lte", "9"),
    ("eq", "\"1.2.3.4\""),
    ("contains", "\"::\""),
];
const TOKENS: &[&str] = &[
    "https", "HTTP", "ftp", "x", "://", "a.b", "A.B", "b", "a.", "x1", "0x1", ".", ":", "443", "80", "8080",
    "/", "?", "#", "@", "\\", "[::1]", "::1", "::", "ffff:", "fd00::", "1.2.3.4", "1.2.3.", "4", "128", "01",
    " ", "é", "%", "-", "[", "]",
];
const WANTS: [Want; 4] = [True, NotTrue, False, NotFalse];

/// Some comparisons of a list, with what is wanted of each.
fn wishes(all: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Vec<(Check, Want)>> {
    let one = (proptest::sample::select(all), proptest::sample::select(&WANTS[..]));
    let one = one.prop_map(|((operator, value), want)| (check(operator, value), want));
    proptest::collection::vec(one, 1..4)
}

/// Texts made of these.
fn texts(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let one = proptest::collection::vec(proptest::sample::select(of), 0..7).prop_map(|parts| parts.concat());
    let url = one.clone().prop_map(|text| format!("https://{text}"));
    proptest::collection::vec(prop_oneof![one, url], 60)
}

/// What the search says agrees with what each of these texts is answered.
fn agrees(wishes: &[(Check, Want)], texts: &[String], must_answer: bool) {
    let demands: Vec<_> =
        wishes.iter().map(|(check, want)| Demand { test: &check.test, want: *want }).collect();
    let meets = |text: &str| demands.iter().all(|demand| demand.want.is_met_by(demand.test.judge_text(text)));
    let mut budget = Budget::default();
    match solve(&demands, &[], &mut |_| true, &mut budget) {
        Answer::Witness(text) => assert!(meets(&text), "{text:?} {demands:?}"),
        Answer::Impossible => {
            let met = texts.iter().find(|text| meets(text));
            assert!(met.is_none(), "{met:?} {demands:?}");
        }
        Answer::GaveUp(why) => assert!(!must_answer, "{why} {demands:?}"),
    }
    for demand in &demands {
        bounds_hold(demand.test, texts, &mut budget);
    }
}

/// Both sides of what a comparison answers are on the right side.
fn bounds_hold(test: &Test, texts: &[String], budget: &mut Budget) {
    let Bounds { when_true, when_false } = Bounds::of(test);
    for (between, answer) in [(when_true, Truth::True), (when_false, Truth::False)] {
        let outer = Product::new(&between.outer, &mut budget.patterns).unwrap();
        let inner = Product::new(&between.inner, &mut budget.patterns).unwrap();
        for text in texts {
            let is_so = test.judge_text(text) == answer;
            assert!(
                !is_so || outer.holds(text, &mut budget.patterns).unwrap(),
                "outside: {text:?} {answer:?} {test:?}"
            );
            assert!(
                is_so || !inner.holds(text, &mut budget.patterns).unwrap(),
                "inside: {text:?} {answer:?} {test:?}"
            );
        }
    }
}

/// All texts of at most three of the letters.
fn short_texts() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut longest = all.clone();
    for _ in 0..3 {
        let longer =
            |text: &String| LETTERS.iter().map(|letter| format!("{text}{letter}")).collect::<Vec<_>>();
        longest = longest.iter().flat_map(longer).collect();
        all.extend(longest.clone());
    }
    all
}

proptest! {
    #[test]
    fn agrees_with_random_texts(wishes in wishes(COMPARISONS), texts in texts(LETTERS)) {
        agrees(&wishes, &texts, true);
    }

    #[test]
    fn agrees_with_random_readings(wishes in wishes(READINGS), texts in texts(TOKENS)) {
        agrees(&wishes, &texts, false);
    }
}

#[test]
fn agrees_with_all_short_texts() {
    let texts = short_texts();
    for (operator, value) in COMPARISONS {
        for want in WANTS {
            agrees(&[(check(operator, value), want)], &texts, true);
        }
    }
}
