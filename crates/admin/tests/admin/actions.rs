//! Actions: what they change, record, refuse and keep.

use crate::bench::{Bench, NOW_MS, files, new_grant, new_server};
use admin::FailureKind;
use admin::action::grants::{NewGrant, State};
use admin::action::servers::{NewServer, ShownTransport, UrlTransport};
use std::collections::BTreeMap;
use store::TokenHash;

#[tokio::test]
async fn a_grant_opens_what_it_names_until_it_is_revoked() {
    let bench = Bench::with(files()).await;
    let created = bench.registry.create_grant(new_grant("ct", &[("imaging", &["imaging"])])).await.unwrap();
    let token = created.token.unwrap();
    let hash = TokenHash::of(&token).unwrap();
    let found = bench.gateway.world().grant_by_token(hash.as_bytes()).cloned().unwrap();
    assert!(found.is_valid(NOW_MS) && found.reach("imaging").is_some_and(|reach| reach.own.len() == 1));
    assert!(!bench.is_on_disk(&token) && bench.is_on_disk("ct"));

    let revoked = bench.registry.revoke_grant("ct").await.unwrap();
    assert_eq!((revoked.state, revoked.revoked.is_some()), (State::Revoked, true));
    assert!(bench.gateway.world().grant("ct").is_some_and(|grant| !grant.is_valid(NOW_MS)));
    assert_eq!(bench.registry.revoke_grant("ct").await.unwrap().revoked, revoked.revoked);
    assert_eq!(
        bench.changes(),
        [
            "config.apply files by file",
            "grant.create ct by local",
            "grant.revoke ct by local",
            "grant.revoke ct by local"
        ]
    );
}

#[tokio::test]
async fn what_commands_made_outlives_the_process_and_every_reload() {
    let bench = Bench::with(files()).await;
    bench.registry.add_server(new_server("ct")).await.unwrap();
    bench.registry.create_grant(new_grant("a", &[("ct", &["imaging"]), ("imaging", &[])])).await.unwrap();
    bench.registry.create_grant(new_grant("b", &[("ct", &["imaging"])])).await.unwrap();
    bench.registry.revoke_grant("b").await.unwrap();
    bench.registry.apply_files(files()).await.unwrap();
    let bench = bench.restarted(files()).await;
    let world = bench.gateway.world();
    let reaches = |grant: &str| world.grant(grant).unwrap().servers().count();
    assert_eq!((reaches("radiology"), reaches("a")), (1, 2));
    assert!(world.grant("a").unwrap().is_valid(NOW_MS) && !world.grant("b").unwrap().is_valid(NOW_MS));
}

#[tokio::test]
async fn a_grant_ends_at_its_expiry() {
    let bench = Bench::with(files()).await;
    let expires = |text: &str| NewGrant {
        expires: Some(text.to_owned()),
        ..new_grant("short", &[("imaging", &["imaging"])])
    };
    for text in ["soon", "2026-11-20T13:14:15Z", "2026-11-19", "2026-11-21T00:00:00+01:00"] {
        let failure = bench.registry.create_grant(expires(text)).await.unwrap_err();
        assert!(failure.problems.iter().any(|problem| problem.contains("`expires`")), "{text}: {failure}");
    }
    let created = bench.registry.create_grant(expires("2026-11-20T13:15")).await;
    assert!(created.is_err(), "a time without its zone means something else elsewhere");
    bench.registry.create_grant(expires("2026-11-20T13:15:15Z")).await.unwrap();
    assert_eq!(bench.registry.grant("short").await.unwrap().state, State::Valid);
    bench.clock.advance_ms(60_000);
    assert_eq!(bench.registry.grant("short").await.unwrap().state, State::Expired);
    assert!(!bench.gateway.world().grant("short").unwrap().is_valid(bench.gateway.now_ms()));
}

#[tokio::test]
async fn a_refused_grant_names_every_problem_and_leaves_nothing() {
    let bench = Bench::with(files()).await;
    let labels = vec!["a\nb".to_owned()];
    let bad = NewGrant { labels, ..new_grant("No Id", &[]) };
    assert_eq!(bench.registry.create_grant(bad).await.unwrap_err().problems.len(), 2);
    let servers: &[(&str, &[&str])] =
        &[("nowhere", &["imaging"]), ("imaging", &["none", "imaging", "imaging"])];
    let failure = bench.registry.create_grant(new_grant("ct", servers)).await.unwrap_err();
    assert_eq!((failure.kind, failure.problems.len()), (FailureKind::Invalid, 3), "{failure}");
    for id in ["radiology", "ct"] {
        let made = bench.registry.create_grant(new_grant(id, &[])).await;
        assert_eq!(made.is_ok(), id == "ct");
    }
    let again = bench.registry.create_grant(new_grant("ct", &[])).await.unwrap_err();
    assert_eq!(again.kind, FailureKind::Taken);
    assert_eq!(bench.changes(), ["config.apply files by file", "grant.create ct by local"]);
}

#[tokio::test]
async fn a_grant_without_a_token_is_for_this_machine() {
    let bench = Bench::with(files()).await;
    let local = NewGrant { without_token: true, ..new_grant("local", &[("imaging", &["imaging"])]) };
    let created = bench.registry.create_grant(local).await.unwrap();
    assert_eq!((created.token, created.grant.has_token), (None, false));
    assert!(bench.gateway.world().grant("local").is_some());
}

#[tokio::test]
async fn what_probably_is_not_meant_is_said() {
    let bench = Bench::with(files()).await;
    for (id, servers, n_warnings) in
        [("a", &[][..], 1), ("b", &[("imaging", &[][..])], 1), ("c", &[("imaging", &["imaging"])], 0)]
    {
        assert_eq!(
            bench.registry.create_grant(new_grant(id, servers)).await.unwrap().warnings.len(),
            n_warnings,
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_server_comes_and_goes() {
    let bench = Bench::with(files()).await;
    let added = bench.registry.add_server(new_server("ct")).await.unwrap();
    assert_eq!((added.origin.as_str(), bench.gateway.world().server("ct").is_some()), ("command", true));
    bench.registry.create_grant(new_grant("a", &[("ct", &["imaging"])])).await.unwrap();
    assert_eq!(bench.registry.server("ct").await.unwrap().grants, ["a"]);
    bench.registry.remove_server("ct").await.unwrap();
    let world = bench.gateway.world();
    assert!(world.server("ct").is_none() && world.grant("a").unwrap().reach("ct").is_none());
    assert_eq!(bench.registry.status().await.unwrap().warnings.len(), 1, "the grant leads nowhere now");
    assert_eq!(bench.registry.remove_server("ct").await.unwrap_err().kind, FailureKind::NotThere);
    assert_eq!(bench.registry.server("ct").await.unwrap_err().kind, FailureKind::NotThere);
    let expected = ["server.add ct by local", "grant.create a by local", "server.remove ct by local"];
    assert_eq!(bench.changes()[1..], expected);
}

#[tokio::test]
async fn a_server_that_cannot_work_is_refused_with_every_problem() {
    let bench = Bench::with(files()).await;
    let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let url = |url: &str| NewServer { id: "x".to_owned(), url: Some(url.to_owned()), ..NewServer::default() };
    let command = new_server("x");
    let secret = "very-secret";
    for (server, n_problems) in [
        (NewServer::default(), 2),
        (NewServer { url: Some("https://mcp.example/".to_owned()), ..command.clone() }, 1),
        (NewServer { headers: map("x-a", "1"), ..command.clone() }, 1),
        (NewServer { env: map("API_KEY", secret), cwd: Some("relative".into()), ..command.clone() }, 2),
        (NewServer { timeout_s: Some(0), idle_stop_s: Some(100_000), ..command.clone() }, 2),
        (NewServer { env: map("A", "1"), ..url("https://mcp.example/") }, 1),
        (NewServer { headers: map("Authorization", secret), ..url("https://mcp.example/") }, 1),
        (NewServer { headers: map("bad name", "env:X"), ..url("https://mcp.example/") }, 1),
        (url("http://mcp.example/"), 1),
        (url("mcp.example"), 1),
        (url("https://user:very-secret@mcp.example/"), 1),
        (NewServer { ca_file: Some("ca.pem".into()), ..url("https://mcp.example/") }, 1),
    ] {
        let failure = bench.registry.add_server(server).await.unwrap_err();
        assert_eq!((failure.kind, failure.problems.len()), (FailureKind::Invalid, n_problems), "{failure}");
        assert!(!failure.to_string().contains(secret), "{failure}");
    }
    for id in ["imaging", "x"] {
        let failure = bench.registry.add_server(new_server(id)).await.err().map(|failure| failure.kind);
        assert_eq!(failure, (id == "imaging").then_some(FailureKind::Taken), "{id}");
    }
    assert_eq!(bench.registry.add_server(new_server("x")).await.unwrap_err().kind, FailureKind::Taken);
    assert_eq!(bench.changes().len(), 2, "nothing that was refused is recorded as done");
}

#[tokio::test]
async fn a_secret_that_is_missing_here_keeps_a_server_out() {
    let bench = Bench::with(files()).await;
    let env = BTreeMap::from([("KEY".to_owned(), "env:TOOLGATE_TEST_NOT_SET".to_owned())]);
    let failure = bench.registry.add_server(NewServer { env, ..new_server("x") }).await.unwrap_err();
    assert!(failure.to_string().contains("TOOLGATE_TEST_NOT_SET"), "{failure}");
    assert!(bench.registry.server("x").await.is_err());
}

#[tokio::test]
async fn values_are_never_shown() {
    let bench = Bench::with(files()).await;
    let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let stdio = NewServer { env: map("REGION", "very-secret"), ..new_server("a") };
    let http = NewServer {
        id: "b".to_owned(),
        url: Some("https://mcp.example/mcp?key=very-secret".to_owned()),
        headers: map("X-Team", "very-secret"),
        ..NewServer::default()
    };
    for server in [stdio, http] {
        bench.registry.add_server(server).await.unwrap();
    }
    let shown = serde_json::to_string(&bench.registry.servers().await.unwrap()).unwrap();
    assert!(!shown.contains("very-secret") && shown.contains(r#""REGION":"(set)""#), "{shown}");
    let ShownTransport::Http { url, .. } = bench.registry.server("b").await.unwrap().server.transport else {
        panic!()
    };
    assert_eq!(url, "https://mcp.example/mcp?…");
    assert!(bench.changes().iter().all(|change| !change.contains("very-secret")));
}

#[tokio::test]
async fn what_speaks_behind_a_url_is_kept() {
    let bench = Bench::bare();
    let new =
        |id: &str| NewServer { id: id.to_owned(), transport: UrlTransport::Sse, ..NewServer::default() };
    let url = Some("https://mcp.example/sse".to_owned());
    bench.registry.add_server(NewServer { url, ..new("a") }).await.unwrap();
    let shown = bench.registry.server("a").await.unwrap().server.transport;
    assert!(matches!(shown, ShownTransport::Sse { .. }), "{shown:?}");
    let command = vec!["true".to_owned()];
    assert!(bench.registry.add_server(NewServer { command, ..new("b") }).await.is_err());
}

#[tokio::test]
async fn what_files_declare_is_read_only() {
    let bench = Bench::with(files()).await;
    for failure in [
        bench.registry.revoke_grant("radiology").await.unwrap_err(),
        bench.registry.remove_server("imaging").await.unwrap_err(),
    ] {
        assert!(
            failure.kind == FailureKind::Taken && failure.message.contains("declared in a file"),
            "{failure}"
        );
    }
    assert!(bench.gateway.world().grant("radiology").unwrap().is_valid(NOW_MS));
    assert_eq!(bench.registry.revoke_grant("none").await.unwrap_err().kind, FailureKind::NotThere);
}

#[tokio::test]
async fn nothing_is_added_that_cannot_be_recorded() {
    let bench = Bench::with(files()).await;
    bench.gateway.store.close();
    let failure = bench.registry.create_grant(new_grant("ct", &[])).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert!(bench.gateway.world().grant("ct").is_none());
}

#[tokio::test]
async fn policies_are_told_with_their_revision_and_where_they_bind() {
    let mut set = files();
    set.baseline.push("imaging".to_owned());
    let bench = Bench::with(set).await;
    let policies = bench.registry.policies().await.unwrap().policies;
    let world = bench.gateway.world();
    let revision = world.policy("imaging").unwrap().revision_hash().to_string();
    assert_eq!((policies.len(), policies[0].is_baseline), (1, true));
    assert_eq!((policies[0].revision.as_deref(), policies[0].n_tools), (Some(revision.as_str()), 1));
    let detail = bench.registry.policy("imaging").await.unwrap();
    assert_eq!((detail.bindings.len(), detail.text.contains("default")), (1, true));
    assert_eq!(bench.registry.policy("none").await.unwrap_err().kind, FailureKind::NotThere);
}

#[tokio::test]
async fn status_tells_what_there_is() {
    let bench = Bench::with(files()).await;
    bench.registry.create_grant(new_grant("a", &[])).await.unwrap();
    bench.registry.revoke_grant("a").await.unwrap();
    bench.clock.advance_ms(90_500);
    let status = bench.registry.status().await.unwrap();
    assert_eq!((status.pid, status.uptime_s, status.is_serving), (std::process::id(), 90, true));
    assert_eq!((status.n_servers, status.n_policies), (1, 1));
    assert_eq!((status.grants.valid, status.grants.revoked, status.grants.expired), (1, 1, 0));
    assert_eq!((status.data, status.store_problem), (bench.data(), None));
}

#[tokio::test]
async fn status_tells_which_servers_are_missing_and_since_when() {
    let bench = Bench::with(files()).await;
    let server = bench.gateway.world().server("imaging").cloned().unwrap();
    let troubles = &bench.gateway.hub.troubles;
    troubles.note(&server, "it is dead", NOW_MS);
    troubles.note(&server, "it is slow", NOW_MS + 1_000);
    let left_out = bench.registry.status().await.unwrap().left_out;
    let [one] = left_out.as_slice() else { panic!("{left_out:?}") };
    assert_eq!((one.server.as_str(), one.why.as_str()), ("imaging", "it is slow"));
    assert!(one.since.starts_with("2026-11-20T13:14:15"), "{}", one.since);
    troubles.clear(&server.id);
    assert!(bench.registry.status().await.unwrap().left_out.is_empty());
}

#[tokio::test]
async fn an_alias_belongs_to_one_server() {
    let bench = Bench::with(files()).await;
    let server = |id: &str, alias: &str| NewServer { alias: Some(alias.to_owned()), ..new_server(id) };
    let added = bench.registry.add_server(server("ct", "x")).await.unwrap();
    assert_eq!(added.alias.as_deref(), Some("x"));
    for (id, alias) in [("a", "x"), ("b", "ct"), ("c", "imaging"), ("d", "X"), ("e", "a__b")] {
        let failure = bench.registry.add_server(server(id, alias)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Invalid, "{failure}");
    }
    let bench = bench.restarted(files()).await;
    assert_eq!(bench.registry.server("ct").await.unwrap().server.alias.as_deref(), Some("x"));
}

#[tokio::test]
async fn the_head_names_the_last_record() {
    let bench = Bench::with(files()).await;
    let head = bench.registry.audit_head().unwrap();
    bench.registry.create_grant(new_grant("a", &[])).await.unwrap();
    assert!(bench.registry.audit_head().unwrap().seq > head.seq);
    let parsed = store::audit::Head::parse(&head.line).unwrap();
    let report = store::audit::verify(&bench.data(), Some(&parsed)).unwrap();
    assert_eq!((report.is_ok(), report.head_holds_at), (true, Some(head.seq)));
}
