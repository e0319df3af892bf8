//! One call: allowed, denied, limited, hidden.

use crate::support::{Test, text};
use serde_json::json;
use testkit::Tool;

const DOCUMENTED: &str = r#"{"version": "1", "default": "deny", "tools": { "start_dicom_import_job": { "limits": [ { "counter": "start_dicom_import_job_rate", "window": "minute", "max": 10, "scope": "grant" } ] } }}"#;

#[tokio::test]
async fn ten_a_minute_and_the_eleventh_is_told_when() {
    let test = Test::new().policy(DOCUMENTED).tool(Tool::new("start_dicom_import_job")).start().await;
    for _ in 0..10 {
        assert_eq!(text(&test.call("start_dicom_import_job", json!({})).await), "ok");
    }
    let refused = test.call("start_dicom_import_job", json!({})).await;
    assert_eq!(refused["result"]["isError"], true);
    assert!(text(&refused).starts_with("[POLICY DENIED] at most 10 calls per minute"), "{refused}");
    assert_eq!(test.upstream.calls().len(), 10);
    let books = test.books();
    assert_eq!((books.count("intent"), books.outcomes()), (10, vec!["answered"; 10]));
    let rule = "/tools/start_dicom_import_job/limits/start_dicom_import_job_rate";
    assert_eq!(books.denials(), [(rule, "limit")]);
}

#[tokio::test]
async fn what_is_not_named_looks_unknown_and_is_not_listed() {
    let test = Test::new()
        .policy(DOCUMENTED)
        .tool(Tool::new("start_dicom_import_job"))
        .tool(Tool::new("start_dicom_export_job"))
        .start()
        .await;
    assert_eq!(test.listed().await, ["start_dicom_import_job"]);
    let n_bytes = test.upstream.n_bytes();
    let unnamed = test.call("start_dicom_export_job", json!({})).await;
    let unknown = test.call("no_such_tool", json!({})).await;
    assert_eq!(unnamed, unknown);
    assert_eq!(unnamed["error"]["code"], -32602);
    assert_eq!(test.upstream.n_bytes(), n_bytes, "no byte for a name that is refused");
}
