//! Files and database together: clashes, reloads, what a process without agents does, restored tool lists.

use crate::bench::{Bench, NOW_MS, files, new_grant, new_server, server};
use admin::action::definitions::{Definitions, Servers};
use admin::client::Client;
use gateway::declared::Declared;
use gateway::definitions::Freshness;
use std::sync::Arc;
use store::Timestamp;
use store::config::SeenDefinition;

#[tokio::test]
async fn a_refused_set_leaves_the_old_one_in_force() {
    let bench = Bench::with(files()).await;
    let mut bad = files();
    bad.policies.insert("imaging".to_owned(), r#"{"version": "9"}"#.into());
    bad.servers.push(server("more"));
    let problems = bench.registry.apply_files(bad).await.unwrap_err();
    assert!(problems.iter().any(|problem| problem.to_string().contains("imaging")), "{problems:?}");
    let world = bench.gateway.world();
    assert!(world.server("more").is_none() && world.policy("imaging").is_some());
    assert_eq!(bench.registry.servers().await.unwrap().servers.len(), 1);
    let warnings = bench.registry.status().await.unwrap().warnings;
    assert!(
        warnings[0].contains("an older set is in force") && warnings[0].contains("imaging"),
        "{warnings:?}"
    );
    bench.registry.refuse_files(3).await;
    assert_eq!(bench.changes()[1..], ["config.refuse files by file", "config.refuse files by file"]);
    let warnings = bench.registry.status().await.unwrap().warnings;
    assert!(warnings[0].contains("problems found: 3"), "{warnings:?}");
    bench.registry.apply_files(files()).await.unwrap();
    assert!(bench.registry.status().await.unwrap().warnings.is_empty(), "the files are right again");
}

#[tokio::test]
async fn what_a_file_no_longer_declares_is_revoked() {
    let bench = Bench::with(files()).await;
    assert!(bench.gateway.world().grant_by_token(&[7; 32]).is_some());
    bench.registry.apply_files(Declared { grants: Vec::new(), ..files() }).await.unwrap();
    assert!(bench.gateway.world().grant_by_token(&[7; 32]).is_none());
}

#[tokio::test]
async fn a_policy_file_that_goes_closes_the_grants_that_name_it() {
    let bench = Bench::with(files()).await;
    bench.registry.create_grant(new_grant("ct", &[("imaging", &["imaging"])])).await.unwrap();
    let without = Declared { policies: Default::default(), grants: Vec::new(), ..files() };
    bench.registry.apply_files(without).await.unwrap();
    let world = bench.gateway.world();
    assert!(world.grant("ct").unwrap().reach("imaging").unwrap().own.is_empty());
    assert_eq!(bench.registry.status().await.unwrap().warnings.len(), 1);
}

#[tokio::test]
async fn a_clash_is_refused_and_can_be_resolved_by_command() {
    let bench = Bench::with(files()).await;
    bench.registry.add_server(new_server("ct")).await.unwrap();
    let mut clashing = files();
    clashing.servers.push(server("ct"));
    let problems = bench.registry.apply_files(clashing).await.unwrap_err();
    let text = problems[0].to_string();
    assert!(text.contains("`ct`") && text.contains("toolgate server remove ct"), "{text}");
    assert_eq!(bench.gateway.world().server("ct").unwrap().spec.id, "ct", "the old set stays");
    bench.registry.remove_server("ct").await.unwrap();
    // The files did not change again, so nobody would apply them anew.
    let only = bench.registry.server("ct").await.unwrap();
    assert_eq!((only.server.origin.as_str(), bench.gateway.world().server("ct").is_some()), ("file", true));
    bench.registry.apply_files(files()).await.unwrap();
    assert!(bench.registry.server("ct").await.is_err());
}

/// A subcommand that is the owner for a moment must be able to mend what keeps a gateway from starting.
#[tokio::test]
async fn a_process_that_serves_nobody_changes_only_the_database() {
    let bench = Bench::bare();
    let mut clashing = files();
    clashing.servers.push(server("ct"));
    bench.registry.note_files(files()).await;
    bench.registry.add_server(new_server("ct")).await.unwrap();
    bench.registry.create_grant(new_grant("a", &[("ct", &["imaging"])])).await.unwrap();
    bench.registry.note_files(clashing.clone()).await;
    assert_eq!(bench.gateway.world().servers().count(), 0);
    let status = bench.registry.status().await.unwrap();
    assert_eq!((status.is_serving, status.warnings.len()), (false, 1));
    bench.registry.remove_server("ct").await.unwrap();
    bench.registry.revoke_grant("a").await.unwrap();
    assert_eq!(bench.changes().len(), 4, "no configuration was put into force, so none is recorded");
    let bench = bench.restarted(clashing).await;
    assert!(!bench.gateway.world().grant("a").unwrap().is_valid(NOW_MS));
}

#[tokio::test]
async fn the_stored_list_of_tools_is_there_after_a_restart_and_is_stale() {
    let bench = Bench::with(files()).await;
    let text = r#"{"description":"reads","inputSchema":{"type":"object"},"name":"read"}"#;
    let document = json::Document::scan(text.as_bytes().to_vec(), &json::Limits::default()).unwrap();
    let listed = catalog::read_tool(document.root()).unwrap();
    let hash = policy::Hash::from_bytes(listed.hash).to_string();
    let seen = |name: &str, hash: &str| SeenDefinition {
        name: name.to_owned(),
        hash: hash.to_owned(),
        canonical: text.replace("read\"", &format!("{name}\"")),
    };
    let at = Timestamp::from_ms(NOW_MS);
    let config = bench.gateway.store.config();
    config.see_definitions("imaging", vec![seen("gone", "x"), seen("read", &hash)], at).await.unwrap();
    config.see_definitions("imaging", vec![seen("read", &hash), seen("damaged", "x")], at).await.unwrap();
    let bench = bench.restarted(files()).await;
    let world = bench.gateway.world();
    let definitions = &world.server("imaging").unwrap().definitions;
    let names: Vec<String> = definitions.all().iter().map(|tool| tool.name.to_string()).collect();
    assert_eq!((names, definitions.freshness(NOW_MS)), (vec!["read".to_owned()], Freshness::Stale));
    let detail = bench.registry.server("imaging").await.unwrap();
    let listed: Vec<(&str, bool)> =
        detail.tools.iter().map(|tool| (tool.name.as_str(), tool.is_listed)).collect();
    assert_eq!(listed, [("damaged", true), ("gone", false), ("read", true)]);
    assert_eq!(detail.server.n_tools, 2);
    let mut client = Client::within(Arc::clone(&bench.registry));
    let told: Definitions = client.get(&["definitions", "imaging"]).await.unwrap();
    let told: Vec<_> = told.definitions.iter().map(|tool| (&*tool.name, tool.is_listed)).collect();
    assert_eq!(told, listed);
    let none: Definitions = client.get(&["definitions", "none"]).await.unwrap();
    assert!(none.definitions.is_empty());
    let servers: Servers = client.get(&["definitions"]).await.unwrap();
    assert_eq!(servers.servers, ["imaging"]);
}
