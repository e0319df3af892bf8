//! Bodies to measure with. Must never be random: figures of two runs are compared.

/// A tools/call of about 200 bytes.
pub fn call() -> Vec<u8> {
    br#"{"jsonrpc":"2.0","id":"c-1842","method":"tools/call","params":{"name":"start_dicom_import_job","arguments":{"datastore_id":"ds-0123456789abcdef","dry_run":false,"priority":12},"_meta":{"progressToken":7}}}"#.to_vec()
}

/// A list of records with short keys and mixed values, at least `size_bytes` long.
pub fn structured(size_bytes: usize) -> Vec<u8> {
    let mut text = String::from("{\"items\":[");
    let mut n = 0;
    while text.len() < size_bytes {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&format!(
            r#"{{"id":{n},"name":"image set {n}","active":{},"score":{}.{:02},"tags":["ct","chest"],"size":{{"rows":512,"columns":{}}},"parent":null}}"#,
            n % 3 == 0,
            n * 7,
            n % 100,
            500 + n,
        ));
        n += 1;
    }
    text.push_str("]}");
    text.into_bytes()
}

/// The same with white space, as people and some servers write it.
pub fn pretty(size_bytes: usize) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(&structured(size_bytes / 2)).unwrap_or_default();
    serde_json::to_vec_pretty(&value).unwrap_or_default()
}

/// One long string without escapes.
pub fn plain_string(size_bytes: usize) -> Vec<u8> {
    format!("{{\"text\":\"{}\"}}", "The quick brown fox jumps. ".repeat(size_bytes / 27)).into_bytes()
}

/// One long string of text with a line break in about every sixty bytes.
pub fn escaped_string(size_bytes: usize) -> Vec<u8> {
    let line = r#"    let value = parse(input).map_err(|e| format!(\"{e}\"))?;\n"#;
    format!("{{\"text\":\"{}\"}}", line.repeat(size_bytes / line.len())).into_bytes()
}

/// One long string in a script of three bytes a character.
pub fn wide_string(size_bytes: usize) -> Vec<u8> {
    format!("{{\"text\":\"{}\"}}", "医用画像データの管理".repeat(size_bytes / 30)).into_bytes()
}

/// `[0,0,0,…]`
pub fn zeros(size_bytes: usize) -> Vec<u8> {
    format!("[{}0]", "0,".repeat(size_bytes / 2)).into_bytes()
}

/// One object of many members.
pub fn many_keys(n_members: usize) -> Vec<u8> {
    let members: Vec<String> = (0..n_members).map(|n| format!("\"key{n}\":{n}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}
