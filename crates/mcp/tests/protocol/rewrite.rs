//! Rewriting: named spans change, every other byte stays.

use mcp::rewrite::{
    ClientCapability, Edits, HandleEdits, RelatedEdit, ReplyEdits, ReplyHandles, RewriteError,
    ServerCapability, StateEdit, kept_elements, rewrite, rewrite_reply,
};
use mcp::{Caps, parse_reply};

use crate::support::{document, message};

fn check(before: &str, edits: &Edits<'_>, after: &str) {
    let made = rewrite(&message(before), edits).unwrap();
    assert_eq!(String::from_utf8(made).unwrap(), after);
}

#[test]
fn nothing_changes_unasked() {
    let odd = "\r\n{ \"params\" :{\"_meta\":{ \"x\":1e2,\"progressToken\":\"t\" },\"arguments\":{\"n\":1.0,\"s\":\"\\u00e9\\/\"},\t\"name\":\"a\"} ,\"id\":\"7\", \"method\":\"tools\\/call\",\"jsonrpc\":\"2.0\" } ";
    check(odd, &Edits::default(), odd);
    let ours = Edits { id: Some("17"), progress_token: Some("\"p-17\""), ..Edits::default() };
    check(odd, &ours, &odd.replace("\"7\"", "17").replace("\"t\"", "\"p-17\""));
    let repaired = Edits { tool_name: Some("b\"é"), arguments: Some(r#"{"n":1}"#), ..Edits::default() };
    let after = odd.replace("\"a\"", "\"b\\\"é\"").replace("{\"n\":1.0,\"s\":\"\\u00e9\\/\"}", "{\"n\":1}");
    check(odd, &repaired, &after);
}

#[test]
fn only_the_judged_places_are_replaced() {
    let edits = Edits { id: Some("9"), arguments: Some("{}"), tool_name: Some("z"), ..Edits::default() };
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"id","arguments":{"name":"id","id":1,"arguments":{}}}}"#,
        &edits,
        r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"z","arguments":{}}}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"1"}}"#,
        &Edits { cancelled_request: Some("\"17\""), ..Edits::default() },
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"17","reason":"1"}}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":"s-1","result":{"id":"s-1"}}"#,
        &Edits { id: Some("4"), ..Edits::default() },
        r#"{"jsonrpc":"2.0","id":4,"result":{"id":"s-1"}}"#,
    );
}

#[test]
fn a_cursor_is_replaced_where_the_method_has_one() {
    let edits =
        Edits { handles: HandleEdits { cursor: Some("a\"b"), ..HandleEdits::default() }, ..Edits::default() };
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/list","params":{ "cursor" : "ours\u0020", "_meta":{"cursor":1}}}"#,
        &edits,
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/list","params":{ "cursor" : "a\"b", "_meta":{"cursor":1}}}"#,
    );
    for other in [
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/list","params":{"cursor":null}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"a","cursor":"c"}}"#,
    ] {
        assert_eq!(rewrite(&message(other), &edits), Err(RewriteError::Missing("cursor")));
    }
}

#[test]
fn a_round_goes_on_with_the_servers_own_state_or_none() {
    let before = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a", "requestState" : "ours" , "inputResponses":{"a":{},"b":{}}, "_meta":{"requestState":"x"}}}"#;
    let edits = |request_state| Edits {
        handles: HandleEdits {
            request_state,
            input_responses: Some(r#"{"a":{}}"#),
            ..HandleEdits::default()
        },
        ..Edits::default()
    };
    check(
        before,
        &edits(StateEdit::Put("\"\\u00e9\"")),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a", "requestState" : "\u00e9" , "inputResponses":{"a":{}}, "_meta":{"requestState":"x"}}}"#,
    );
    check(
        before,
        &edits(StateEdit::Remove),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a", "inputResponses":{"a":{}}, "_meta":{"requestState":"x"}}}"#,
    );
    let plain = message(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","inputResponses":{}}}"#,
    );
    for state in [StateEdit::Put("1"), StateEdit::Remove] {
        assert_eq!(rewrite(&plain, &edits(state)), Err(RewriteError::Missing("requestState")));
    }
}

#[test]
fn ids_of_tasks_are_replaced_wherever_they_stand() {
    let related = r#""_meta":{"toolgate/x":1,"io.modelcontextprotocol/related-task":{"taskId":"up"},"k":2}"#;
    let put = ReplyHandles {
        task_id: Some("a\"b"),
        related_task: RelatedEdit::Put("ours"),
        ..ReplyHandles::default()
    };
    let gone = ReplyHandles { related_task: RelatedEdit::Remove, ..ReplyHandles::default() };
    let cases = [
        (
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"result":{{"taskId":"up","result":{{{related}}},{related}}}}}"#
            ),
            put,
        ),
        (format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"task":{{"taskId":"up"}},{related}}}}}"#), put),
        (
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/tasks","params":{{"taskId":"up",{related}}}}}"#
            ),
            put,
        ),
        (
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{{"taskId":"up",{related}}}}}"#
            ),
            put,
        ),
        (format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"result":{{"taskId":"x"}},{related}}}}}"#), gone),
    ];
    for (before, handles) in cases {
        let reply = parse_reply(before.clone().into_bytes(), &Caps::default()).unwrap();
        let edits = ReplyEdits { handles, strip_private_meta: true, ..ReplyEdits::default() };
        let after = String::from_utf8(rewrite_reply(&reply, &edits).unwrap()).unwrap();
        let mut expected = before.replace(r#""toolgate/x":1,"#, "");
        expected = match handles.task_id {
            Some(_) => expected
                .replace(r#"related-task":{"taskId":"up"}"#, r#"related-task":{"taskId":"ours"}"#)
                .replace(r#""taskId":"up""#, r#""taskId":"a\"b""#),
            None => expected.replace(r#""io.modelcontextprotocol/related-task":{"taskId":"up"},"#, ""),
        };
        assert_eq!(after, expected);
    }
    let plain = parse_reply(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec(), &Caps::default()).unwrap();
    let edits = ReplyEdits { handles: put, ..ReplyEdits::default() };
    assert_eq!(rewrite_reply(&plain, &edits), Err(RewriteError::Missing("taskId")));
}

#[test]
fn a_client_names_tasks_in_the_servers_terms() {
    let handles = HandleEdits {
        task_id: Some("up"),
        related_task: Some("rel"),
        input_responses: Some("{}"),
        ..HandleEdits::default()
    };
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/update","params":{"taskId":"ours","inputResponses":{"a":{}},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"ours"}}}}"#,
        &Edits { handles, ..Edits::default() },
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/update","params":{"taskId":"up","inputResponses":{},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"rel"}}}}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"ours"}}}}"#,
        &Edits {
            handles: HandleEdits { related_task: Some("rel"), ..HandleEdits::default() },
            ..Edits::default()
        },
        r#"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"rel"}}}}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"taskIds":["ours"],"toolsListChanged":true}}}"#,
        &Edits {
            handles: HandleEdits { task_ids: Some(r#"["up"]"#), ..HandleEdits::default() },
            ..Edits::default()
        },
        r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"taskIds":["up"],"toolsListChanged":true}}}"#,
    );
}

#[test]
fn what_is_not_there_is_not_replaced_silently() {
    let list = message(
        r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{"name":"a","arguments":{}}}"#,
    );
    let cases = [
        (Edits { id: Some("1"), ..Edits::default() }, "id"),
        (Edits { progress_token: Some("1"), ..Edits::default() }, "progressToken"),
        (Edits { cancelled_request: Some("1"), ..Edits::default() }, "requestId"),
        (Edits { tool_name: Some("b"), ..Edits::default() }, "name"),
        (Edits { arguments: Some("{}"), ..Edits::default() }, "arguments"),
    ];
    for (edits, what) in cases {
        assert_eq!(rewrite(&list, &edits), Err(RewriteError::Missing(what)));
    }
}

#[test]
fn client_capabilities_go_at_both_eras_places() {
    use ClientCapability::{
        Elicitation, ElicitationForm, ElicitationUrl, Roots, Sampling, Tasks, TasksExtension,
    };
    let cases: &[(&str, &[ClientCapability], &str)] = &[
        (r#"{}"#, &ClientCapability::ALL, r#"{}"#),
        (r#"{"sampling":{}}"#, &ClientCapability::ALL, r#"{}"#),
        (
            r#"{ "sampling" : {} , "roots":{"listChanged":true}}"#,
            &[Sampling],
            r#"{ "roots":{"listChanged":true}}"#,
        ),
        (r#"{"sampling":{},"x":1,"roots":{}}"#, &[Roots], r#"{"sampling":{},"x":1}"#),
        (
            r#"{"sampling":{},"elicitation":{"url":{}},"roots":{},"tasks":{}}"#,
            &ClientCapability::ALL,
            r#"{}"#,
        ),
        (
            r#"{"experimental":{"sampling":{}},"elicitation":{},"extensions":{"io.modelcontextprotocol/ui":{},"io.modelcontextprotocol/tasks":{}}}"#,
            &[Elicitation, Tasks, TasksExtension],
            r#"{"experimental":{"sampling":{}},"extensions":{"io.modelcontextprotocol/ui":{}}}"#,
        ),
        (
            r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#,
            &[Sampling],
            r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#,
        ),
        (r#"{"s\u0061mpling":{},"z":0}"#, &[Sampling], r#"{"z":0}"#),
        ("7", &ClientCapability::ALL, "7"),
        (r#"{"elicitation":{"form":{},"url":{}}}"#, &[ElicitationUrl], r#"{"elicitation":{"form":{}}}"#),
        (r#"{"elicitation":{"form":{},"url":{}}}"#, &[ElicitationForm], r#"{"elicitation":{"url":{}}}"#),
        // Nothing stands for a form, so that nothing may be left where there was none.
        (r#"{"elicitation":{"url":{}},"x":1}"#, &[ElicitationUrl], r#"{"x":1}"#),
        (r#"{"elicitation":{}}"#, &[ElicitationUrl], r#"{"elicitation":{}}"#),
        (r#"{"elicitation":{}}"#, &[ElicitationForm], r#"{}"#),
        (r#"{"elicitation":{"form":{}}}"#, &[ElicitationForm], r#"{}"#),
        (r#"{"elicitation":7}"#, &[ElicitationForm], r#"{}"#),
        (r#"{"roots":{}}"#, &[ElicitationForm], r#"{"roots":{}}"#),
    ];
    for (before, remove, after) in cases {
        let legacy = |capabilities: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"capabilities":{capabilities},"clientInfo":{{}}}}}}"#
            )
        };
        let modern = |capabilities: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{{"io.modelcontextprotocol/clientCapabilities":{capabilities}}}}}}}"#
            )
        };
        let edits = Edits { remove_capabilities: remove, ..Edits::default() };
        for place in [&legacy as &dyn Fn(&str) -> String, &modern] {
            check(&place(before), &edits, &place(after));
        }
    }
}

fn check_reply(before: &str, edits: &ReplyEdits<'_>, after: &str) {
    let reply = parse_reply(before.as_bytes().to_vec(), &Caps::default()).unwrap();
    assert_eq!(String::from_utf8(rewrite_reply(&reply, edits).unwrap()).unwrap(), after);
}

#[test]
fn server_messages() {
    let result = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":17,"result":{result}}}"#);
    check_reply(
        &result(r#"{"id":17}"#),
        &ReplyEdits { id: Some("\"7\""), ..ReplyEdits::default() },
        r#"{"jsonrpc":"2.0","id":"7","result":{"id":17}}"#,
    );
    check_reply(
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":17,"progress":17}}"#,
        &ReplyEdits { progress_token: Some("\"t\""), ..ReplyEdits::default() },
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":17}}"#,
    );
    check_reply(
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":17}}"#,
        &ReplyEdits { cancelled_request: Some("1"), ..ReplyEdits::default() },
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    );
    check_reply(
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":17}}}"#,
        &ReplyEdits { subscription_id: Some("\"s\""), ..ReplyEdits::default() },
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"s"}}}"#,
    );
    use ServerCapability::{Completions, Logging, Prompts, ResourceSubscriptions, Resources, Tasks};
    let all = r#"{"capabilities":{"tools":{},"resources":{"subscribe":true,"listChanged":true},"prompts":{},"completions":{},"logging":{},"tasks":{},"extensions":{"io.modelcontextprotocol/tasks":{}}},"serverInfo":{}}"#;
    let cases: &[(&[ServerCapability], &str)] = &[
        (
            &[Resources, Prompts, Completions, Logging, Tasks],
            r#"{"capabilities":{"tools":{},"extensions":{}},"serverInfo":{}}"#,
        ),
        (
            &[ResourceSubscriptions, Prompts, Completions, Logging, Tasks],
            r#"{"capabilities":{"tools":{},"resources":{"listChanged":true},"extensions":{}},"serverInfo":{}}"#,
        ),
        (&[], all),
    ];
    for (remove, after) in cases {
        let edits = ReplyEdits { remove_capabilities: remove, ..ReplyEdits::default() };
        check_reply(&result(all), &edits, &result(after));
    }
    // Both at once: the parent goes, whatever else was to go inside it.
    let edits =
        ReplyEdits { remove_capabilities: &[ResourceSubscriptions, Resources], ..ReplyEdits::default() };
    check_reply(
        &result(r#"{"capabilities":{"resources":{"subscribe":true},"tools":{}}}"#),
        &edits,
        &result(r#"{"capabilities":{"tools":{}}}"#),
    );
}

#[test]
fn our_own_keys_are_ours() {
    let edits = ReplyEdits { strip_private_meta: true, ..ReplyEdits::default() };
    let cases = [
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"toolgate/decision":{},"a":1,"Toolgate/x":2}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":1}}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":{"toolgate/x":1},"_meta":{"toolgate/x":1}}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":{"toolgate/x":1},"_meta":{}}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"toolgates":1,"com.example/toolgate/":2}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"toolgates":1,"com.example/toolgate/":2}}}"#,
        ),
    ];
    for (before, after) in cases {
        check_reply(before, &edits, after);
    }
}

#[test]
fn members_of_a_result_are_set() {
    let set: &[(&str, &str)] = &[("tools", "[]"), ("cacheScope", "\"private\""), ("ttlMs", "0")];
    let edits = ReplyEdits { id: Some("7"), set_result: set, ..ReplyEdits::default() };
    let result = |id: &str, result: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    let cases = [
        (r#"{"tools":[1],"x":1}"#, r#"{"tools":[],"x":1,"cacheScope":"private","ttlMs":0}"#),
        (
            r#"{"ttlMs":5,"tools":[1],"cacheScope":"public"}"#,
            r#"{"ttlMs":0,"tools":[],"cacheScope":"private"}"#,
        ),
        (r#"{}"#, r#"{"tools":[],"cacheScope":"private","ttlMs":0}"#),
        (r#"{ }"#, r#"{ "tools":[],"cacheScope":"private","ttlMs":0}"#),
    ];
    for (before, after) in cases {
        check_reply(&result("1", before), &edits, &result("7", after));
    }
    let error = parse_reply(
        br#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#.to_vec(),
        &Caps::default(),
    );
    assert_eq!(rewrite_reply(&error.unwrap(), &edits), Err(RewriteError::Missing("result")));
}

#[test]
fn elements_are_kept_as_written() {
    let list = document("[ {\"name\" : \"a\",\"n\":1.0} , {\"name\":\"b\"},{\"n\\u0061me\":\"c\"} ]");
    let keep = |names: &[&str]| {
        kept_elements(list.root(), |tool| {
            tool.get("name").and_then(|name| name.as_str()).is_some_and(|name| names.contains(&name.as_ref()))
        })
    };
    assert_eq!(keep(&["a", "c"]), "[{\"name\" : \"a\",\"n\":1.0},{\"n\\u0061me\":\"c\"}]");
    assert_eq!(keep(&[]), "[]");
}
