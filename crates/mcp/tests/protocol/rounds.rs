//! Questions of a server inside a result, and what clients say they can answer.

use json::{Document, Limits};
use mcp::rounds::{Abilities, NoQuestion, Question, questions};

fn document(text: &str) -> Document {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap()
}

#[test]
fn a_question_is_one_of_three_methods() {
    let cases: &[(&str, Result<Question, NoQuestion>)] = &[
        (r#"{"method":"sampling/createMessage","params":{"messages":[]}}"#, Ok(Question::Sampling)),
        (r#"{"method":"roots/list"}"#, Ok(Question::Roots)),
        (r#"{"method":"elicitation/create"}"#, Ok(Question::Form)),
        (r#"{"method":"elicitation/create","params":{"message":"?"}}"#, Ok(Question::Form)),
        (r#"{"method":"elicitation\/create","params":{"mode":"form"}}"#, Ok(Question::Form)),
        (r#"{"method":"elicitation/create","params":{"mode":"url"}}"#, Ok(Question::Url)),
        (r#"{"method":"elicitation/create","params":{"mode":"URL"}}"#, Err(NoQuestion)),
        (r#"{"method":"elicitation/create","params":{"mode":null}}"#, Err(NoQuestion)),
        (r#"{"method":"elicitation/create","params":[]}"#, Err(NoQuestion)),
        (r#"{"method":"Elicitation/create"}"#, Err(NoQuestion)),
        (r#"{"method":"tools/call","params":{"name":"a"}}"#, Err(NoQuestion)),
        (r#"{"method":"ping"}"#, Err(NoQuestion)),
        (r#"{"method":1}"#, Err(NoQuestion)),
        (r#"{}"#, Err(NoQuestion)),
        (r#"[]"#, Err(NoQuestion)),
        (r#""roots/list""#, Err(NoQuestion)),
    ];
    for (entry, expected) in cases {
        assert_eq!(Question::read(document(entry).root()), *expected, "{entry}");
    }
}

#[test]
fn one_bad_entry_makes_all_of_them_bad() {
    let read = |text: &str| {
        let document = document(text);
        questions(document.root()).map(|entries| {
            entries.into_iter().map(|(key, question)| (key.into_owned(), question)).collect::<Vec<_>>()
        })
    };
    let expected = vec![(String::from("a"), Question::Roots), (String::from("é\""), Question::Form)];
    assert_eq!(
        read(r#"{"a":{"method":"roots/list"},"\u00e9\"":{"method":"elicitation/create"}}"#),
        Ok(expected)
    );
    assert_eq!(read("{}"), Ok(vec![]));
    for bad in [r#"{"a":{"method":"roots/list"},"b":{}}"#, "[]", "null", "1"] {
        assert_eq!(read(bad), Err(NoQuestion), "{bad}");
    }
}

#[test]
fn abilities_are_what_is_declared_as_an_object() {
    let none = Abilities::default();
    let cases = [
        ("{}", none),
        (
            r#"{"sampling":{},"roots":{"listChanged":true}}"#,
            Abilities { sampling: true, roots: true, ..none },
        ),
        (r#"{"elicitation":{}}"#, Abilities { form: true, ..none }),
        (r#"{"elicitation":{"form":{}}}"#, Abilities { form: true, ..none }),
        (r#"{"elicitation":{"url":{}}}"#, Abilities { url: true, ..none }),
        (r#"{"elicitation":{"form":{},"url":{}}}"#, Abilities { form: true, url: true, ..none }),
        (r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#, Abilities { tasks: true, ..none }),
        (r#"{"tasks":{},"extensions":{"io.modelcontextprotocol/tasks":true}}"#, none),
        (r#"{"sampling":true,"elicitation":null,"roots":[]}"#, none),
        ("[]", none),
    ];
    for (capabilities, expected) in cases {
        assert_eq!(Abilities::read(document(capabilities).root()), expected, "{capabilities}");
    }
    let able = Abilities { url: true, ..none };
    let all = [Question::Sampling, Question::Form, Question::Url, Question::Roots];
    assert_eq!(all.map(|question| able.can_answer(question)), [false, false, true, false]);
}
