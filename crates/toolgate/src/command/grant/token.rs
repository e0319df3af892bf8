//! `toolgate grant token`: draws a token for a grant that a file declares. Nothing is opened, kept or sent.
//! The token must never go anywhere but standard output.

use anyhow::{Context as _, bail};
use clap::Args;
use std::io::Read as _;
use store::{Token, TokenHash};

use crate::cli::Global;
use crate::config::TOKEN_HASH;
use crate::exit::Exit;
use crate::output::Tone;

/// What `grant token` does, for its help.
pub const ABOUT: &str = "\
Print a fresh token and its hash, for a grant that a file declares.

The token is for the agent, the hash for `token_hash` in toolgate.toml, where no token may stand. Neither is kept: \
without the hash in a file the token opens nothing. For a grant without a file use `toolgate grant create`.";

const EXAMPLES: &str = "\
Examples:
  toolgate grant token                       a token and the line for toolgate.toml
  toolgate grant token --json                the same for programs
  toolgate grant token --hash < secret.txt   the hash of a token that you have already

In toolgate.toml:
  [grants.radiology]
  token_hash = \"sha256:...\"
  servers = { imaging = [\"imaging\"] }";

/// Longest standard input that is read for a token.
const MAX_INPUT_BYTES: u64 = 4 << 10;

/// Arguments of `grant token`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Read a token from standard input and print its hash alone
    #[arg(long)]
    hash: bool,
}

/// Prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let output = global.output();
    if arguments.hash {
        let hash = format!("{TOKEN_HASH}{}", given()?);
        output.tell(&serde_json::json!({ "token_hash": hash }), || output.line(&hash))?;
        return Ok(Exit::Ok);
    }
    let token = Token::mint().context("drawing a token")?;
    let hash = format!("{TOKEN_HASH}{}", token.hash());
    output.tell(&serde_json::json!({ "token": token.expose(), "token_hash": hash }), || {
        output.line(format!("for the agent         {}", output.paint(Tone::Strong, token.expose())))?;
        output.line(format!("for toolgate.toml     token_hash = \"{hash}\""))?;
        output.line("the token is shown this once and kept nowhere")
    })?;
    Ok(Exit::Ok)
}

/// The hash of the token on standard input.
fn given() -> anyhow::Result<TokenHash> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(MAX_INPUT_BYTES);
    input.read_to_string(&mut text).context("reading a token from standard input")?;
    match TokenHash::of(text.trim_end_matches(['\r', '\n'])) {
        Some(hash) => Ok(hash),
        None => bail!(
            "standard input holds no token: 32 to 256 visible ASCII characters on one line; \
             `toolgate grant token` draws one"
        ),
    }
}
