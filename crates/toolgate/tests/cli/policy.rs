//! `toolgate policy lint`, `explain` and `fmt`.

use crate::run::Place;

const POLICY: &str = r#"{ "version": "1", "default": "deny", "hide": ["delete_image_set"],
  "tools": {
    "start_dicom_import_job": {
      "require": [ { "conditions": [ { "path": "args.input_s3_uri", "op": "regex", "value": "^s3://pacs-inbox/" } ],
                     "on_deny": "Imports come from the PACS inbox only." } ],
      "limits": [ { "counter": "start_dicom_import_job_rate", "window": "minute", "max": 10, "scope": "grant" } ] },
    "start_dicom_export_job": { "action": "deny", "reason": "Exports need an approval." } } }
"#;
const SCHEMA: &str = r#"{ "name": "start_dicom_import_job", "inputSchema": { "type": "object",
  "properties": { "input_s3_uri": { "type": "string" }, "n": { "type": "integer" } } } }"#;

/// A place with the policy `imaging` in the user's own folder and a schema to call it with.
fn place() -> Place {
    let place = Place::new();
    place.write(&place.home(".config/toolgate/policies/imaging.json"), POLICY);
    place.write(&place.work("schema.json"), SCHEMA);
    place
}

fn explain(place: &Place, tool: &str, further: &[&str]) -> crate::run::Ran {
    let mut arguments = vec!["policy", "explain", "imaging", "--server", "imaging", "--tool", tool];
    arguments.extend(further);
    place.run(&arguments)
}

#[test]
fn explains_an_allow_with_what_it_reserves() {
    let call = r#"{"input_s3_uri": "s3://pacs-inbox/a", "n": "5"}"#;
    let ran = explain(&place(), "start_dicom_import_job", &["--schema", "schema.json", "--args", call]);
    insta::assert_snapshot!("explain_allow", ran.whole());
}

#[test]
fn explains_denials_without_values() {
    let place = place();
    let call = r#"{"input_s3_uri": "s3://elsewhere/very-secret"}"#;
    let denied = explain(&place, "start_dicom_import_job", &["--args", call]);
    insta::assert_snapshot!("explain_deny", denied.whole());
    assert!(!denied.whole().contains("very-secret"));
    let shown = explain(&place, "start_dicom_import_job", &["--args", call, "--show-values"]);
    assert!(shown.stdout.contains(r#"= "s3://elsewhere/very-secret""#), "{}", shown.stdout);
    for (tool, rule, code) in [
        ("start_dicom_export_job", "/tools/start_dicom_export_job/action", 1),
        ("delete_image_set", "(hidden)", 1),
        ("list_datastores", "(default deny)", 1),
    ] {
        let ran = explain(&place, tool, &["--json"]);
        let explained: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&explained["effect"], ran.code), (&"deny".into(), Some(code)), "{tool}");
        assert_eq!(explained["decision"]["rule"], rule, "{tool}");
    }
}

#[test]
fn explains_with_every_fact_and_says_what_would_have_to_change() {
    let place = place();
    let policy = r#"{ "version": "1", "default": "deny", "categories": { "destructive": { "deny_if": [ { "conditions": [
        { "path": "grant.labels", "op": "contains", "value": "trainee" } ] } ] } },
      "tools": { "transfer": { "require": [ { "conditions": [ { "path": "time.hour", "op": "gte", "value": 8 } ] } ],
        "deny_if": [ { "conditions": [ { "path": "args.amount", "op": "gt", "value": 100 } ] },
          { "conditions": [ { "path": "input.sure", "op": "eq", "value": "no" } ] },
          { "conditions": [ { "path": "tool.annotations.openWorldHint", "op": "eq", "value": true } ] } ] } } }"#;
    place.write(&place.work("facts.json"), policy);
    let base = ["policy", "explain", "facts.json", "--tool", "transfer", "--label", "trainee"];
    let ask = |further: &[&str]| place.run(&[&base[..], further].concat());
    let morning = "2026-11-20T09:00Z";
    let many = r#"{"amount": 250, "note": "very-secret"}"#;
    let denied = ask(&["--time", morning, "--category", "read", "--args", many]);
    insta::assert_snapshot!("explain_opposite", denied.whole());
    let rest: &[(&[&str], i32, &str)] = &[
        (&["--category", "read"], 0, "to be denied   `args.amount` must be more than 100, for example 101"),
        (&["--category", "destructive"], 1, "/categories/destructive/deny_if/grant.labels-contains"),
        (&["--category", "read", "--input", r#"{"sure": "no"}"#], 1, "`input.sure` must not be `no`"),
        (&["--category", "read", "--annotations", r#"{"openWorldHint": true}"#], 1, "the rule asks"),
    ];
    for (further, code, expected) in rest {
        let ran = ask(&[&["--time", morning, "--args", r#"{"amount": 5}"#], *further].concat());
        assert_eq!(ran.code, Some(*code), "{further:?} {}", ran.whole());
        assert!(ran.stdout.contains(expected), "{further:?} {}", ran.whole());
    }
    let night = ask(&["--time", "2026-11-20T03:10Z", "--category", "read"]);
    assert!(
        night.stdout.contains("`time.hour` must be at least 8, for example \"2026-11-20T08:00:00Z\""),
        "{}",
        night.whole()
    );
    let tools =
        r#"{"server": [{"name": "transfer", "inputSchema": {"type": "object", "required": ["amount"]}}]}"#;
    place.write(&place.work("tools.json"), tools);
    let listed = ask(&["--time", morning, "--tools", "tools.json", "--category", "read"]);
    assert!(listed.stdout.contains("denied by (arguments)"), "{}", listed.whole());
    let json = ask(&["--time", morning, "--category", "read", "--args", many, "--json"]);
    let explained: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(explained["opposite"]["ways"][0]["changes"][0]["example"], 100, "{}", json.whole());
    for wrong in [["--time", "soon"], ["--category", "rude"], ["--risk", "none"]] {
        assert_eq!(ask(&wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn explains_messages_of_other_channels() {
    let place = place();
    let policy = r#"{"version": "1", "default": "deny", "resources": {"file:///srv/docs/**": {"action": "allow"},
        "**/.env": {"action": "deny", "reason": "Secrets stay closed."}}, "methods": {"acme/status": {"action": "allow"}}}"#;
    place.write(&place.work("docs.json"), policy);
    let resource = |uri: &str| {
        place.run(&["policy", "explain", "docs.json", "--channel", "resources", "--subject", uri])
    };
    let (allowed, denied) = (resource("file:///srv/docs/a.md"), resource("file:///srv/docs/.env"));
    insta::assert_snapshot!("explain_resource", format!("{}\n{}", allowed.whole(), denied.whole()));
    assert_eq!((allowed.code, denied.code), (Some(0), Some(1)));
    for (question, rule, code) in [
        (&["--channel", "resources"][..], None, 0),
        (&["--channel", "prompts", "--subject", "a"], Some("(default deny)"), 1),
        (&["--channel", "sampling"], Some("(closed)"), 1),
        (&["--method", "acme/status"], None, 0),
        (&["--method", "acme/other"], Some("(closed)"), 1),
    ] {
        let ran = place.run(&[&["policy", "explain", "docs.json", "--json"], question].concat());
        let explained: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((explained["decision"]["rule"].as_str(), ran.code), (rule, Some(code)), "{question:?}");
    }
    for wrong in
        [&[][..], &["--channel", "tools"], &["--subject", "a"], &["--channel", "roots", "--tool", "x"]]
    {
        let ran = place.run(&[&["policy", "explain", "docs.json"], wrong].concat());
        assert_eq!(ran.code, Some(2), "{wrong:?}");
    }
}

#[test]
fn explains_arguments_that_do_not_fit_the_schema() {
    let call = ["--schema", "schema.json", "--args", r#"{"input_s3_uri": 5, "other": 1}"#];
    let ran = explain(&place(), "start_dicom_import_job", &call);
    insta::assert_snapshot!("explain_arguments", ran.whole());
}

#[test]
fn explain_takes_arguments_from_a_file_and_prints_json() {
    let place = place();
    place.write(&place.work("call.json"), r#"{"input_s3_uri": "s3://pacs-inbox/a"}"#);
    let ran = explain(&place, "start_dicom_import_job", &["--args", "@call.json", "--json"]);
    let explained: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    insta::assert_snapshot!("explain_json", serde_json::to_string_pretty(&explained).unwrap());
}

#[test]
fn wrong_usage_of_explain_is_said() {
    let place = place();
    place.write(&place.work("broken.json"), r#"{"type": "object", "properties": 5}"#);
    for (further, expected) in [
        (&["--args", "{"][..], "`--args` is not JSON: unexpected end at line 1, column 2"),
        (&["--args", r#"{"a": 1, "a": 2}"#], "`--args` is not JSON: duplicate key at line 1, column 10"),
        (&["--schema", "broken.json"], "`broken.json` cannot be used"),
    ] {
        let ran = explain(&place, "x", further);
        assert_eq!(ran.code, Some(2), "{further:?}");
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    let missing = explain(&place, "x", &["--args", "@missing.json"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("cannot read `missing.json`"), "{}", missing.stderr);
    let unknown = place.run(&["policy", "explain", "imagng", "--tool", "x"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `imaging`?"), "{}", unknown.stderr);
}

#[test]
fn lint_finds_everything_in_all_policies() {
    let place = place();
    place.write(
        &place.home(".config/toolgate/policies/other.json"),
        "{\n  \"version\": \"1\",\n  \"defualt\": \"deny\",\n  \"tools\": { \"x\": { \"categories\": {}, \"limits\": 5 } }\n}",
    );
    let ran = place.run(&["policy", "lint"]);
    insta::assert_snapshot!("lint", ran.whole());
    let json = place.run(&["policy", "lint", "--json"]);
    assert_eq!(json.code, Some(1));
    let lines: Vec<serde_json::Value> =
        json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let loads: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| (line["policy"].as_str().unwrap(), line["loads"].as_bool().unwrap()))
        .collect();
    assert_eq!(loads, [("imaging", true), ("other", false)]);
    assert!(lines[1]["problems"][0]["line"].is_u64());
}

#[test]
fn warnings_count_only_when_strict() {
    let place = place();
    place.write(&place.work("hides.json"), r#"{"version": "1", "default": "deny", "hide": ["x"]}"#);
    for (arguments, code) in
        [(&["policy", "lint", "hides.json"][..], 0), (&["policy", "lint", "hides.json", "--strict"], 1)]
    {
        let ran = place.run(arguments);
        assert!(ran.stdout.contains("hides.json:1:") && ran.stdout.contains("warning:"), "{}", ran.stdout);
        assert_eq!(ran.code, Some(code), "{arguments:?}");
    }
}

#[test]
fn lint_reads_standard_input_and_says_what_is_missing() {
    let place = Place::new();
    assert_eq!(place.answer(&["policy", "lint", "-"], POLICY).code, Some(0));
    let none = place.run(&["policy", "lint"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("there are no policies in"), "{}", none.stderr);
    let missing = place.run(&["policy", "lint", "./missing.json"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("cannot read `./missing.json`"), "{}", missing.stderr);
}

#[test]
fn a_policy_that_does_not_load_is_told_with_every_place() {
    let place = Place::new();
    place.write(&place.work("bad.json"), "{\"version\": \"2\", \"defualt\": \"deny\"}");
    for command in ["explain", "fmt"] {
        let further: &[&str] = if command == "explain" { &["--tool", "x"] } else { &[] };
        let arguments = [&["policy", command, "bad.json"], further].concat();
        let ran = place.run(&arguments);
        assert_eq!(ran.code, Some(1), "{command}");
        assert!(ran.stderr.starts_with("bad.json:1:"), "{}", ran.stderr);
        assert!(ran.stderr.lines().count() >= 2, "{}", ran.stderr);
        let json = place.run(&[&arguments[..], &["--json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(told["problems"].as_array().unwrap().len(), ran.stderr.lines().count());
    }
}

#[test]
fn files_in_every_format_are_taken() {
    let place = place();
    let yaml = "# Ours.\nversion: \"1\"\ndefault: deny\ntools:\n  start_x: { rate_limit: 10/minute }\n";
    let toml = "version = \"1\"\ndefault = \"deny\"\ntools.start_x.rate_limit = \"10/minute\"\n";
    let json = r#"{"version":"1","default":"deny","tools":{"start_x":{"rate_limit":"10/minute"}}}"#;
    let files = [("a.json", json), ("a.yaml", yaml), ("a.yml", yaml), ("a.toml", toml)];
    for (file, text) in files {
        place.write(&place.work(file), text);
    }
    let printed = files.map(|(file, _)| place.run(&["policy", "fmt", file]).stdout);
    assert!(printed.iter().all(|text| *text == printed[0] && text.starts_with("{\n")), "{printed:?}");
    for (file, _) in files {
        let explained = place.run(&["policy", "explain", file, "--tool", "start_x"]);
        assert_eq!(explained.code, Some(0), "{}", explained.whole());
    }
    let kept = place.run(&["policy", "fmt", "a.yaml", "a.toml", "--write"]);
    assert_eq!(kept.stdout.matches("left as it is, because it is not JSON").count(), 2, "{}", kept.whole());
    assert_eq!(std::fs::read_to_string(place.work("a.yaml")).unwrap(), yaml);
    assert_eq!(place.run(&["policy", "fmt", "a.yaml", "a.toml", "--check"]).code, Some(0));
    for (file, text, expected) in [
        (
            "bad.yaml",
            yaml.replace("rate_limit", "rate_limt"),
            "bad.yaml:5:14: error: unknown key `rate_limt`",
        ),
        ("bad.toml", toml.replace("default", "defualt"), "bad.toml:2:1: error: unknown key `defualt`"),
        ("bad.json", json.replace("10/minute", "10/minite"), "bad.json:1:66: error: unknown window `minite`"),
        ("bad.yml", yaml.replace("deny", "yes"), "bad.yml:3:10: error: `yes` is read in different ways"),
    ] {
        place.write(&place.work(file), &text);
        let ran = place.run(&["policy", "lint", file]);
        assert!(ran.code == Some(1) && ran.stdout.contains(expected), "{}", ran.whole());
    }
}

#[test]
fn fmt_prints_checks_and_writes() {
    let place = Place::new();
    let short = r#"{"version":"1","default":"deny","tools":{"start_x":{"rate_limit":"10/minute"}}}"#;
    place.write(&place.work("short.json"), short);
    insta::assert_snapshot!("fmt", place.run(&["policy", "fmt", "short.json"]).whole());
    assert_eq!(place.run(&["policy", "fmt", "short.json", "--check"]).code, Some(1));
    assert_eq!(std::fs::read_to_string(place.work("short.json")).unwrap(), short);
    let written = place.run(&["policy", "fmt", "short.json", "--write"]);
    assert_eq!((written.code, written.stdout.as_str()), (Some(0), "short.json: changed\n"));
    assert_eq!(place.run(&["policy", "fmt", "short.json", "--check"]).code, Some(0));
}

#[test]
fn fmt_tells_what_is_stricter_and_where() {
    let place = Place::new();
    let text = r#"{ "version": "1", "default": "deny", "resources": { "action": "allow" },
  "tools": {
    "pay": { "deny_if": [{ "conditions": [{ "path": "args.amount", "op": "gt", "value": 5 }, { "path": "args.a", "op": "exists", "value": true }] }],
      "limits": [{ "counter": "a", "window": "minute", "max": 5, "scope": "grant", "increment_from": "args.amount" },
                 { "counter": "b", "window": "90s", "max": 5, "scope": "grant" },
                 { "counter": "c", "window": "day", "align": "calendar", "max": 5, "scope": "grant" }] },
    "off": { "arguments": { "check": "off", "unknown": "allow" } },
    "no": { "action": "deny" } } }"#;
    place.write(&place.work("why.json"), text);
    let ran = place.run(&["policy", "fmt", "why.json", "--why"]);
    insta::assert_snapshot!("fmt_why", ran.whole());
    let json = place.run(&["policy", "fmt", "why.json", "--why", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let counts: Vec<usize> = told["stricter"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["places"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [1, 1, 1, 1, 1, 3, 0]);
    assert_eq!(place.run(&["policy", "fmt", "why.json", "--why", "--write"]).code, Some(2));
}
