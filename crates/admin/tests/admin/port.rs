//! The admin port: what is open to everybody on this machine, and that nothing else is.

use crate::bench::{Bench, files};
use admin::api::ROUTES;
use std::net::SocketAddr;
use std::sync::Arc;
use testkit::{RawClient, Reply, Request};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

struct Port {
    bench: Bench,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Port {
    async fn open() -> Self {
        let bench = Bench::with(files()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), watch::Sender::new(false));
        let serving =
            tokio::spawn(admin::serve_port(Arc::clone(&bench.registry), listener, stop.subscribe()));
        Self { bench, address, stop, serving }
    }

    async fn ask(&self, request: &Request) -> Reply {
        RawClient::connect(self.address).await.exchange(request).await
    }
}

#[tokio::test]
async fn without_an_account_only_health_and_metrics_are_there() {
    let port = Port::open().await;
    for route in ROUTES {
        let path = route.path.replace("{id}", "imaging");
        for method in ["GET", "POST", "DELETE", "PUT"] {
            let reply = port.ask(&Request::new(method, &path).header("Content-Length", "0")).await;
            let expected = match (route.is_open, route.methods.contains(&method)) {
                (true, true) => 200,
                (true, false) => 405,
                (false, _) => 404,
            };
            assert_eq!(reply.status, expected, "{method} {path}");
            if expected == 404 {
                let error = reply.json()["error"].as_str().unwrap_or_default().to_owned();
                assert!(error.contains("socket in the data folder"), "{method} {path}: {error}");
            }
        }
    }
    assert_eq!(port.ask(&Request::new("GET", "/")).await.status, 404);
    assert_eq!(port.bench.changes().len(), 1, "nothing was changed");
}

#[tokio::test]
async fn metrics_are_open_metrics() {
    let port = Port::open().await;
    let reply = port.ask(&Request::new("GET", "/metrics")).await;
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(
        reply.text().contains("toolgate_sessions") && reply.text().ends_with("# EOF\n"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn readiness_follows_the_store_and_the_shutdown() {
    let port = Port::open().await;
    let ready = Request::new("GET", "/readyz");
    assert_eq!(port.ask(&ready).await.status, 200);
    port.bench.gateway.drain();
    let reply = port.ask(&ready).await;
    assert_eq!((reply.status, reply.text().as_str()), (503, "the gateway is shutting down\n"));
    assert_eq!(port.ask(&Request::new("GET", "/healthz")).await.status, 200);
}

#[tokio::test]
async fn foreign_hosts_and_pages_are_turned_away() {
    let port = Port::open().await;
    let rebound = "attacker.example";
    let own = port.address.to_string();
    for (request, expected) in [
        (Request::new("GET", "/healthz").with("Host", &own), 200),
        (Request::new("GET", "/healthz").with("Host", "localhost:8081"), 200),
        (Request::new("GET", "/healthz").with("Host", rebound), 421),
        (Request::new("GET", "/metrics").with("Host", "127.0.0.1.attacker.example"), 421),
        (Request::new("GET", "/nothing").with("Host", rebound), 421),
        (Request::new("GET", "/metrics").without("Host"), 421),
        (Request::new("GET", "/metrics").header("Host", &own), 421),
        (Request::new("GET", "/metrics").header("Origin", "https://attacker.example"), 403),
        (Request::new("GET", "/metrics").header("Origin", "null"), 403),
        (Request::new("GET", "/metrics").header("Origin", "http://localhost:3000"), 200),
    ] {
        let reply = port.ask(&request).await;
        assert_eq!(reply.status, expected, "{request:?}");
        assert_eq!(expected >= 400, reply.text().contains("\"error\""), "{request:?}");
    }
}

#[tokio::test]
async fn it_ends_when_asked_even_with_a_connection_left_open() {
    let port = Port::open().await;
    let mut idle = RawClient::connect(port.address).await;
    assert_eq!(idle.exchange(&Request::new("GET", "/healthz")).await.status, 200);
    port.stop.send_replace(true);
    testkit::wait::within("the port's end", port.serving).await.unwrap();
    assert!(idle.closed().await.is_empty());
}
