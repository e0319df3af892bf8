//! The configuration database: what was answered for is there after a restart.

use crate::common::{Home, START};
use std::collections::BTreeMap;
use store::config::{ConfigError, Definition, Grant, SeenDefinition, Server};
use store::{OpenError, Store, Timestamp, Token};

fn at(ms: u64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

fn grant(id: &str, token: Option<&Token>) -> Grant {
    let lists = [("imaging", vec!["base", "own"]), ("files", vec![])];
    let servers = lists.map(|(server, policies)| {
        (server.to_owned(), policies.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    Grant {
        id: id.to_owned(),
        token: token.map(Token::hash),
        labels: vec!["team b".to_owned(), "team a".to_owned()],
        origin: "command".to_owned(),
        created: at(0),
        expires: Some(at(9)),
        revoked: None,
        servers: BTreeMap::from(servers),
    }
}

fn server(id: &str) -> Server {
    Server {
        id: id.to_owned(),
        transport: "{\"command\":[\"x\"]}".to_owned(),
        origin: "init".to_owned(),
        created: at(0),
        updated: at(0),
    }
}

/// Runs steps on a store, then others on the same folder opened again.
fn over_a_restart(first: impl AsyncFnOnce(&Store), then: impl AsyncFnOnce(&Store)) {
    let home = Home::new();
    let store = home.open();
    home.runtime.block_on(first(&store));
    drop(store);
    let store = home.open();
    home.runtime.block_on(then(&store));
}

fn taken(result: Result<(), ConfigError>) -> bool {
    matches!(result, Err(ConfigError::Exists { .. }))
}

fn not_there<T>(result: Result<T, ConfigError>) -> bool {
    matches!(result, Err(ConfigError::NotThere { .. }))
}

#[test]
fn servers() {
    over_a_restart(
        async |store| {
            let config = store.config();
            config.add_server(server("b")).await.unwrap();
            config.add_server(server("a")).await.unwrap();
            assert!(taken(config.add_server(server("a")).await));
            config.change_server("b", "{}".to_owned(), at(5)).await.unwrap();
            assert!(not_there(config.change_server("c", "{}".to_owned(), at(5)).await));
            config.add_server(server("gone")).await.unwrap();
            config.remove_server("gone").await.unwrap();
            assert!(not_there(config.remove_server("gone").await));
        },
        async |store| {
            let changed = Server { transport: "{}".to_owned(), updated: at(5), ..server("b") };
            assert_eq!(store.config().load().await.unwrap().servers, [server("a"), changed]);
        },
    );
}

#[test]
fn grants_come_back_whole_and_are_found_by_their_token_only() {
    let (token, other) = (Token::mint().unwrap(), Token::mint().unwrap());
    over_a_restart(
        async |store| {
            let config = store.config();
            config.add_grant(grant("a", Some(&token))).await.unwrap();
            config.add_grant(grant("local", None)).await.unwrap();
            config.add_grant(grant("local-2", None)).await.unwrap();
            assert!(taken(config.add_grant(grant("a", Some(&other))).await), "the id is taken");
            assert!(taken(config.add_grant(grant("c", Some(&token))).await), "the token is taken");
        },
        async |store| {
            let config = store.config();
            assert_eq!(config.find_grant(token.hash()).await.unwrap(), Some(grant("a", Some(&token))));
            assert_eq!(config.find_grant(other.hash()).await.unwrap(), None);
            let all = [grant("a", Some(&token)), grant("local", None), grant("local-2", None)];
            assert_eq!(config.load().await.unwrap().grants, all);
        },
    );
}

#[test]
fn grants_change_and_stay_revoked() {
    let (token, new) = (Token::mint().unwrap(), Token::mint().unwrap());
    over_a_restart(
        async |store| {
            let config = store.config();
            config.add_grant(grant("a", Some(&token))).await.unwrap();
            config.revoke_grant("a", at(3)).await.unwrap();
            config.revoke_grant("a", at(4)).await.unwrap();
            assert!(not_there(config.revoke_grant("b", at(4)).await));
            let servers = BTreeMap::from([("files".to_owned(), vec!["z".to_owned(), "y".to_owned()])]);
            let changed = Grant { labels: Vec::new(), expires: None, servers, ..grant("a", Some(&new)) };
            config.change_grant(changed).await.unwrap();
            assert!(not_there(config.change_grant(grant("b", None)).await));
        },
        async |store| {
            let config = store.config();
            assert_eq!(config.find_grant(token.hash()).await.unwrap(), None, "the old token opens nothing");
            let found = config.find_grant(new.hash()).await.unwrap().unwrap();
            assert_eq!((found.revoked, found.expires, found.labels.len()), (Some(at(3)), None, 0));
            assert_eq!(
                found.servers.into_iter().collect::<Vec<_>>(),
                [("files".to_owned(), vec!["z".to_owned(), "y".to_owned()])]
            );
        },
    );
}

#[test]
fn no_file_holds_a_token() {
    let home = Home::new();
    let token = Token::mint().unwrap();
    let store = home.open();
    home.runtime.block_on(store.config().add_grant(grant("a", Some(&token)))).unwrap();
    drop(store);
    for entry in
        std::fs::read_dir(home.folder()).unwrap().chain(std::fs::read_dir(home.file("audit")).unwrap())
    {
        let path = entry.unwrap().path();
        if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            let secret = token.expose().as_bytes();
            assert!(!content.windows(secret.len()).any(|window| window == secret), "{}", path.display());
        }
    }
}

#[test]
fn policies_are_revisions_that_never_change() {
    over_a_restart(
        async |store| {
            let config = store.config();
            let put = async |hash: &str, text: &str, ms| {
                config.put_policy("p", hash.to_owned(), text.to_owned(), "local", at(ms)).await.unwrap()
            };
            assert_eq!(put("h1", "one", 1).await, 1);
            assert_eq!(put("h1", "one", 2).await, 1, "the same text is the same revision");
            assert_eq!(put("h1", "one, spelt otherwise", 3).await, 2);
            assert_eq!(put("h2", "two", 4).await, 3);
            assert_eq!(put("h1", "one", 5).await, 4, "going back is a new revision");
            config.put_policy("gone", "h".to_owned(), "x".to_owned(), "local", at(6)).await.unwrap();
            config.remove_policy("gone").await.unwrap();
            assert!(not_there(config.remove_policy("gone").await));
            config.set_baseline(vec!["b".to_owned(), "a".to_owned()]).await.unwrap();
        },
        async |store| {
            let config = store.config();
            let all = config.load().await.unwrap();
            assert_eq!(all.baseline, ["b", "a"]);
            let present: Vec<_> =
                all.policies.iter().map(|p| (p.name.as_str(), p.revision, p.text.as_str())).collect();
            assert_eq!(present, [("p", 4, "one")]);
            let revisions = config.revisions("p").await.unwrap();
            let texts: Vec<_> = revisions.iter().map(|revision| revision.text.as_str()).collect();
            assert_eq!(texts, ["one", "one, spelt otherwise", "two", "one"]);
            assert_eq!(config.revisions("gone").await.unwrap().len(), 1);
            let again =
                config.put_policy("gone", "h".to_owned(), "x".to_owned(), "local", at(7)).await.unwrap();
            assert_eq!(again, 2);
        },
    );
}

#[test]
fn definitions_are_remembered_with_when_they_were_seen() {
    let seen = |name: &str, hash: &str| SeenDefinition {
        name: name.to_owned(),
        hash: hash.to_owned(),
        canonical: format!("{{\"name\":\"{name}\"}}"),
    };
    let known = |name: &str, hash: &str, first, last, is_current| Definition {
        name: name.to_owned(),
        hash: hash.to_owned(),
        canonical: format!("{{\"name\":\"{name}\"}}"),
        first_seen: at(first),
        last_seen: at(last),
        is_current,
    };
    over_a_restart(
        async |store| {
            let config = store.config();
            let see = async |definitions: Vec<SeenDefinition>, ms| {
                config.see_definitions("s", definitions, at(ms)).await.unwrap()
            };
            assert_eq!(see(vec![seen("a", "1"), seen("b", "1")], 1).await, ["a", "b"]);
            assert_eq!(see(vec![seen("a", "1"), seen("b", "1")], 2).await, Vec::<String>::new());
            assert_eq!(see(vec![seen("a", "2")], 3).await, ["a"]);
            assert_eq!(
                see(vec![seen("a", "2"), seen("b", "1")], 4).await,
                ["b"],
                "gone and back is a change"
            );
            assert_eq!(config.listed_servers().await.unwrap(), ["s"]);
            assert_eq!(config.see_definitions("other", vec![seen("a", "1")], at(5)).await.unwrap(), ["a"]);
            assert_eq!(config.listed_servers().await.unwrap(), ["other", "s"]);
        },
        async |store| {
            let all = store.config().definitions("s").await.unwrap();
            assert_eq!(
                all,
                [known("a", "1", 1, 2, false), known("a", "2", 3, 4, true), known("b", "1", 1, 4, true)]
            );
            assert!(store.config().definitions("none").await.unwrap().is_empty());
        },
    );
}

#[test]
fn a_closed_database_says_so() {
    let home = Home::new();
    let store = home.open();
    store.close();
    let result = home.runtime.block_on(store.config().load());
    assert!(matches!(result, Err(ConfigError::Closed { .. })));
}

#[test]
fn a_newer_or_broken_database_is_refused() {
    let home = Home::new();
    drop(home.open());
    let path = home.file("toolgate.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    drop(database);
    assert!(matches!(home.try_open(), Err(OpenError::Newer { found: 2, known: 1, .. })));
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(matches!(home.try_open(), Err(OpenError::Damaged { .. })));
}
