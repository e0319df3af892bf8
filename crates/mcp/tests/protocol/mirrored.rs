//! `Mcp-Param-*`: which annotations count, what is sent upstream, what is accepted from clients.

use mcp::headers::mirrored::{BadAnnotation, MirroredParams};

use crate::support::{document, mcp_headers, outcome};

const SCHEMA: &str = r#"{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "count":{"type":"integer","x-mcp-header":"Count"},
    "deep":{"type":"object","properties":{"flag":{"type":"boolean","x-mcp-header":"Deep-Flag"}}},
    "plain":{"type":"string","default":{"x-mcp-header":"no"},"enum":[{"x-mcp-header":"no"}]}}}"#;

fn declared(schema: &str) -> Result<MirroredParams, BadAnnotation> {
    MirroredParams::from_schema(document(schema).root())
}

#[test]
fn upstream_headers_mirror_the_arguments() {
    let params = declared(SCHEMA).unwrap();
    let cases = [
        ("{}", ""),
        (r#"{"region":"us-west1"}"#, "Mcp-Param-Region: us-west1"),
        (r#"{"region":"é"}"#, "Mcp-Param-Region: =?base64?w6k=?="),
        (r#"{"region":"a\r\nX-Evil: 1"}"#, "Mcp-Param-Region: =?base64?YQ0KWC1FdmlsOiAx?="),
        (r#"{"region":" a"}"#, "Mcp-Param-Region: =?base64?IGE=?="),
        (r#"{"region":""}"#, "Mcp-Param-Region: "),
        (r#"{"region":null,"count":null}"#, ""),
        (r#"{"region":["a"],"count":{}}"#, ""),
        (r#"{"count":42}"#, "Mcp-Param-Count: 42"),
        (r#"{"count":-7}"#, "Mcp-Param-Count: -7"),
        (r#"{"count":42.0}"#, "Mcp-Param-Count: 42"),
        (r#"{"count":4.2e1}"#, "Mcp-Param-Count: 42"),
        (r#"{"deep":{"flag":true}}"#, "Mcp-Param-Deep-Flag: true"),
        (r#"{"deep":{"flag":false}}"#, "Mcp-Param-Deep-Flag: false"),
        (r#"{"deep":7,"flag":true}"#, ""),
        (r#"{"plain":"x"}"#, ""),
    ];
    for (arguments, expected) in cases {
        let arguments = document(arguments);
        let made = params.headers(Some(arguments.root()));
        let shown: Vec<String> = made.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(shown.join("\n"), expected, "{}", arguments.text());
    }
    assert!(params.headers(None).is_empty());
    let all = document(r#"{"deep":{"flag":true},"count":1,"region":"r"}"#);
    let order: Vec<String> = params.headers(Some(all.root())).into_iter().map(|(name, _)| name).collect();
    assert_eq!(order, ["Mcp-Param-Region", "Mcp-Param-Count", "Mcp-Param-Deep-Flag"]);
}

#[test]
fn received_headers_must_agree_with_the_arguments() {
    const MISMATCH: &str = "400 -32020 -";
    let params = declared(SCHEMA).unwrap();
    let cases: &[(&str, &[&str], &str)] = &[
        ("{}", &[], "ok"),
        (r#"{"region":"eu"}"#, &["mcp-param-region: eu"], "ok"),
        (r#"{"region":"eu"}"#, &["MCP-PARAM-REGION: eu"], "ok"),
        (r#"{"region":"é"}"#, &["mcp-param-region: =?base64?w6k=?="], "ok"),
        (r#"{"region":"eu"}"#, &["mcp-param-region: =?base64?ZXU=?="], "ok"),
        (r#"{"region":"eu"}"#, &["mcp-param-region: us"], MISMATCH),
        (r#"{"region":"eu"}"#, &["mcp-param-region: EU"], MISMATCH),
        (r#"{"region":"eu"}"#, &[], MISMATCH),
        (r#"{"region":"eu"}"#, &["mcp-param-region: eu", "mcp-param-region: eu"], MISMATCH),
        (r#"{"region":"eu"}"#, &["mcp-param-region: eu", "mcp-param-zone: a"], MISMATCH),
        (r#"{"region":"eu"}"#, &["mcp-param-region: eu", "mcp-param-plain: x"], MISMATCH),
        (r#"{"region":"eu"}"#, &["mcp-param-region: =?base64?ZXU?="], MISMATCH),
        ("{}", &["mcp-param-region: eu"], MISMATCH),
        (r#"{"region":null}"#, &[], "ok"),
        (r#"{"region":null}"#, &["mcp-param-region: null"], MISMATCH),
        (r#"{"region":["eu"]}"#, &["mcp-param-region: eu"], MISMATCH),
        (r#"{"count":42}"#, &["mcp-param-count: 42"], "ok"),
        (r#"{"count":42}"#, &["mcp-param-count: 42.0"], "ok"),
        (r#"{"count":42.0}"#, &["mcp-param-count: 42"], "ok"),
        (r#"{"count":42}"#, &["mcp-param-count: 042"], MISMATCH),
        (r#"{"count":-7}"#, &["mcp-param-count: -7"], "ok"),
        (r#"{"count":9007199254740993}"#, &["mcp-param-count: 9007199254740992"], MISMATCH),
        (r#"{"count":42}"#, &["mcp-param-count: 4.2e1"], MISMATCH),
        (r#"{"count":42}"#, &["mcp-param-count: 43"], MISMATCH),
        (r#"{"count":42}"#, &["mcp-param-count: +42"], MISMATCH),
        (r#"{"count":42}"#, &["mcp-param-count: 42.5"], MISMATCH),
        (r#"{"count":42.5}"#, &["mcp-param-count: 42.5"], "ok"),
        (r#"{"count":42.5}"#, &["mcp-param-count: 42.50"], MISMATCH),
        (r#"{"count":"42"}"#, &["mcp-param-count: 42"], "ok"),
        (r#"{"deep":{"flag":true}}"#, &["mcp-param-deep-flag: true"], "ok"),
        (r#"{"deep":{"flag":true}}"#, &["mcp-param-deep-flag: True"], MISMATCH),
        (r#"{"deep":{"flag":true}}"#, &["mcp-param-deep-flag: 1"], MISMATCH),
        (r#"{"region":"1"}"#, &["mcp-param-region: 1.0"], MISMATCH),
    ];
    for (arguments, lines, expected) in cases {
        let arguments = document(arguments);
        let received = mcp_headers(lines);
        let result = params.check(received.params(), Some(arguments.root()));
        assert_eq!(outcome(&result), *expected, "{} {lines:?}", arguments.text());
    }
    let none = MirroredParams::none();
    assert_eq!(outcome(&none.check(&[], None)), "ok");
    assert_eq!(outcome(&none.check(mcp_headers(&["mcp-param-x: 1"]).params(), None)), MISMATCH);
}

#[test]
fn what_is_sent_is_what_would_be_accepted() {
    let params = declared(SCHEMA).unwrap();
    for arguments in [
        r#"{"region":" é\n","count":-3,"deep":{"flag":false}}"#,
        r#"{"region":"=?base64?x?=","count":1e3}"#,
        r#"{"region":"","deep":{}}"#,
    ] {
        let arguments = document(arguments);
        let sent = params.headers(Some(arguments.root()));
        let received: Vec<(String, String)> = sent
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase().replace("mcp-param-", ""), value))
            .collect();
        assert_eq!(outcome(&params.check(&received, Some(arguments.root()))), "ok", "{}", arguments.text());
    }
}

#[test]
fn annotations_that_break_a_rule() {
    let property = |inner: &str| format!(r#"{{"properties":{{"p":{inner}}}}}"#);
    let ok = [
        "{}".to_owned(),
        "true".to_owned(),
        property(r#"{"type":"string"}"#),
        property(r#"{"type":"string","x-mcp-header":"a"}"#),
        property(r#"{"type":"string","default":{"x-mcp-header":7},"const":{"x-mcp-header":7}}"#),
        r##"{"properties":{"x-mcp-header":{"type":"string"}}}"##.to_owned(),
    ];
    for schema in &ok {
        assert!(declared(schema).is_ok(), "{schema}");
    }
    let annotated = r#"{"type":"string","x-mcp-header":"a"}"#;
    let bad: Vec<(String, &str)> = vec![
        (r#"{"x-mcp-header":"a"}"#.to_owned(), "no chain"),
        (format!(r#"{{"items":{annotated}}}"#), "no chain"),
        (format!(r#"{{"items":[{annotated}]}}"#), "no chain"),
        (format!(r#"{{"allOf":[{{"properties":{{"p":{annotated}}}}}]}}"#), "no chain"),
        (format!(r#"{{"anyOf":[{annotated}]}}"#), "no chain"),
        (format!(r#"{{"if":{{"properties":{{"p":{annotated}}}}}}}"#), "no chain"),
        (format!(r#"{{"not":{annotated}}}"#), "no chain"),
        (format!(r#"{{"additionalProperties":{annotated}}}"#), "no chain"),
        (format!(r#"{{"patternProperties":{{"p":{annotated}}}}}"#), "no chain"),
        (format!(r#"{{"$defs":{{"p":{annotated}}}}}"#), "no chain"),
        (property(&format!(r#"{{"items":{annotated}}}"#)), "no chain"),
        (property(r#"{"type":"string","x-mcp-header":7}"#), "must be a string"),
        (property(r#"{"type":"string","x-mcp-header":""}"#), "no header name"),
        (property(r#"{"type":"string","x-mcp-header":"a b"}"#), "no header name"),
        (property(r#"{"type":"string","x-mcp-header":"a:b"}"#), "no header name"),
        (property(r#"{"type":"string","x-mcp-header":"a\r\nb"}"#), "no header name"),
        (property(r#"{"type":"string","x-mcp-header":"é"}"#), "no header name"),
        (property(r#"{"type":"number","x-mcp-header":"a"}"#), "string, integer or boolean"),
        (property(r#"{"type":"object","x-mcp-header":"a"}"#), "string, integer or boolean"),
        (property(r#"{"type":["string"],"x-mcp-header":"a"}"#), "string, integer or boolean"),
        (property(r#"{"x-mcp-header":"a"}"#), "string, integer or boolean"),
        (
            r#"{"properties":{"p":{"type":"string","x-mcp-header":"A"},"q":{"type":"string","x-mcp-header":"a"}}}"#
                .to_owned(),
            "repeats",
        ),
    ];
    for (schema, expected) in bad {
        let error = declared(&schema).unwrap_err().to_string();
        assert!(error.contains(expected), "{schema}: {error}");
    }
}
