//! `toolgate sample-server`: the imaging sample server on its own, over standard input and output or HTTP.

use std::net::SocketAddr;

use clap::Args;

use crate::cli::Global;
use crate::demo::server::SampleServer;
use crate::demo::stdio;
use crate::exit::Exit;

/// Arguments of `sample-server`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Serve HTTP on this loopback address instead of standard input and output
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Serves until the input ends, or forever.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(address) = arguments.listen else {
        stdio::serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())?;
        return Ok(Exit::Ok);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = SampleServer::start(address).await?;
        let output = global.output();
        output.tell(&serde_json::json!({ "url": server.url() }), || {
            output.line(format!("imaging sample server at {}", server.url()))
        })?;
        server.wait().await;
        Ok(Exit::Ok)
    })
}
