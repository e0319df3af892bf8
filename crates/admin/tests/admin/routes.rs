//! The API on the local socket: every route, every status, and the same without an owner.

use crate::bench::{Bench, files, new_grant, new_server};
use admin::action::grants::{Created, Grant, Grants};
use admin::action::policies::Policies;
use admin::action::servers::{Detail, Server, Servers};
use admin::action::status::Status;
use admin::api::ROUTES;
use admin::client::{Client, ClientError};
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};
use tower::ServiceExt as _;

async fn ask(bench: &Bench, method: &str, path: &str, body: &str) -> (StatusCode, Option<Value>) {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    let answer = admin::api::local(Arc::clone(&bench.registry)).oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let is_json = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    (head.status, is_json.then(|| serde_json::from_slice(&body).unwrap()))
}

#[tokio::test]
async fn every_route_answers_as_the_list_says() {
    let bench = Bench::with(files()).await;
    for route in ROUTES {
        let path = route.path.replace("{id}", "none");
        for method in ["GET", "POST", "DELETE", "PUT", "PATCH"] {
            let (status, body) = ask(&bench, method, &path, "").await;
            let is_known = route.methods.contains(&method);
            assert_eq!(status != StatusCode::METHOD_NOT_ALLOWED, is_known, "{method} {path}: {status}");
            let is_refusal = !status.is_success();
            let has_error = body.is_some_and(|body| body["error"].is_string() && body["problems"].is_array());
            assert_eq!(is_refusal, has_error, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn refusals_have_the_right_status() {
    let bench = Bench::with(files()).await;
    let created = r#"{"id":"ct","servers":{"imaging":["imaging"]}}"#;
    for (method, path, body, expected) in [
        ("POST", "/api/v1/grants", created, 201),
        ("POST", "/api/v1/grants", created, 409),
        ("POST", "/api/v1/grants", r#"{"id":"A"}"#, 422),
        ("POST", "/api/v1/grants", r#"{"id":"a","servers":{"none":[]}}"#, 422),
        ("POST", "/api/v1/grants", "", 400),
        ("POST", "/api/v1/grants", r#"{"id":"a","id":"b"}"#, 400),
        ("POST", "/api/v1/grants", r#"{"id":"a","admin":true}"#, 400),
        ("GET", "/api/v1/grants/ct", "", 200),
        ("GET", "/api/v1/grants/none", "", 404),
        ("POST", "/api/v1/grants/ct/revoke", "", 200),
        ("POST", "/api/v1/grants/none/revoke", "", 404),
        ("POST", "/api/v1/grants/radiology/revoke", "", 409),
        ("POST", "/api/v1/servers", r#"{"id":"ct","command":["true"]}"#, 201),
        ("POST", "/api/v1/servers", r#"{"id":"ct","command":["true"]}"#, 409),
        ("POST", "/api/v1/servers", r#"{"id":"x"}"#, 422),
        ("POST", "/api/v1/servers", r#"{"id":"x","command":"true"}"#, 400),
        ("DELETE", "/api/v1/servers/imaging", "", 409),
        ("DELETE", "/api/v1/servers/ct", "", 204),
        ("DELETE", "/api/v1/servers/ct", "", 404),
        ("GET", "/api/v1/servers/%FF", "", 400),
        ("GET", "/api/v1/recordings", "", 200),
        ("POST", "/api/v1/recordings/list", "{}", 200),
        ("POST", "/api/v1/recordings/list", r#"{"which":{"server":1}}"#, 400),
        ("POST", "/api/v1/recordings/show", r#"{"id":"1"}"#, 404),
        ("POST", "/api/v1/recordings/purge", "{}", 400),
        ("POST", "/api/v1/recordings/purge", r#"{"all":true,"which":{"server":"x"}}"#, 400),
        ("POST", "/api/v1/recordings/purge", r#"{"all":true}"#, 200),
        ("GET", "/api/v1/nothing", "", 404),
        ("GET", "/", "", 404),
    ] {
        let (status, _) = ask(&bench, method, path, body).await;
        assert_eq!(status.as_u16(), expected, "{method} {path} {body}");
    }
    let large = format!(r#"{{"id":"{}"}}"#, "a".repeat(4 << 20));
    assert_eq!(ask(&bench, "POST", "/api/v1/grants", &large).await.0.as_u16(), 400);
    bench.gateway.store.close();
    assert_eq!(ask(&bench, "GET", "/api/v1/grants", "").await.0.as_u16(), 503);
    assert_eq!(ask(&bench, "GET", "/healthz", "").await.0.as_u16(), 200);
}

/// What a subcommand does, over any way to the API.
async fn visit(mut client: Client) {
    let created: Created =
        client.post(&["grants"], Some(&new_grant("ct", &[("imaging", &["imaging"])]))).await.unwrap();
    assert!(created.token.is_some_and(|token| token.starts_with("tg_")));
    let _: Server = client.post(&["servers"], Some(&new_server("more"))).await.unwrap();
    let grants: Grants = client.get(&["grants"]).await.unwrap();
    let servers: Servers = client.get(&["servers"]).await.unwrap();
    let policies: Policies = client.get(&["policies"]).await.unwrap();
    let counts = (grants.grants.len(), servers.servers.len(), policies.policies.len());
    assert_eq!(counts, (2, 2, 1));
    let detail: Detail = client.get(&["servers", "imaging"]).await.unwrap();
    assert_eq!(detail.grants, ["ct", "radiology"]);
    let revoked: Grant = client.post(&["grants", "ct", "revoke"], None::<&()>).await.unwrap();
    assert!(revoked.revoked.is_some());
    client.delete(&["servers", "more"]).await.unwrap();
    let status: Status = client.get(&["status"]).await.unwrap();
    assert_eq!(status.n_servers, 1);
    let missing = client.get::<Grant>(&["grants", "a/b"]).await.unwrap_err();
    assert!(
        matches!(&missing, ClientError::Refused { status: 404, error, .. } if error.contains("`a/b`")),
        "{missing}"
    );
    let invalid = client.post::<Created>(&["grants"], Some(&new_grant("A B", &[]))).await.unwrap_err();
    assert!(
        matches!(&invalid, ClientError::Refused { status: 422, problems, .. } if problems.len() == 1),
        "{invalid}"
    );
}

#[tokio::test]
async fn a_client_over_the_socket_and_one_within_see_the_same() {
    let bench = Bench::with(files()).await;
    visit(Client::within(Arc::clone(&bench.registry))).await;
    let bench = Bench::with(files()).await;
    let path = bench.data().join("test.sock");
    let serving =
        tokio::spawn(admin::serve_socket(Arc::clone(&bench.registry), UnixListener::bind(&path).unwrap()));
    visit(Client::over(UnixStream::connect(&path).await.unwrap()).await.unwrap()).await;
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_socket_that_does_not_answer_is_an_error() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    let mut client = Client::over(ours).await.unwrap();
    let error = client.get::<Status>(&["status"]).await.unwrap_err();
    assert!(matches!(error, ClientError::Broken(_)), "{error}");
}
