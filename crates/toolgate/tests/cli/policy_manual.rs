//! `toolgate policy manual`: one word, all words, and words that there are not; and `schema`.

use crate::run::Place;

#[test]
fn a_word_is_told_with_its_example() {
    let place = Place::new();
    let ran = place.run(&["policy", "manual", "path_under"]);
    insta::assert_snapshot!("manual_operator", ran.whole());
    let several = place.run(&["policy", "manual", "window"]);
    assert!(several.stdout.contains("window (a limit)") && several.stdout.contains("window (a rate limit)"));
    let json = place.run(&["policy", "manual", "on_deny", "--json"]);
    let places: Vec<serde_json::Value> =
        json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(places.len() >= 2 && places.iter().all(|page| page["word"] == "on_deny"), "{}", json.stdout);
}

#[test]
fn all_words_are_listed_by_their_places() {
    let ran = Place::new().run(&["policy", "manual"]);
    for line in ["operators", "  within_schema    The value is accepted", "a condition", "functions of `cel`"]
    {
        assert!(ran.stdout.lines().any(|printed| printed.starts_with(line)), "{line}");
    }
    assert_eq!(ran.code, Some(0));
}

#[test]
fn an_unknown_word_is_said_with_a_suggestion() {
    let ran = Place::new().run(&["policy", "manual", "pathunder"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("the language has no `pathunder`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `path_under`?"), "{}", ran.stderr);
}

#[test]
fn the_schema_is_printed_as_it_is_committed() {
    let ran = Place::new().run(&["policy", "schema"]);
    let committed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/policy.schema.json");
    assert_eq!((ran.stdout, ran.code), (std::fs::read_to_string(committed).unwrap(), Some(0)));
}
