//! The options of the load generator.
//!
//! Must never: start a run with an option that it did not understand.

use crate::phase::Phase;
use std::str::FromStr;

/// What `--help` and every refusal print.
pub const USAGE: &str = "\
usage: testkit-load --url http://HOST:PORT/PATH [options]
  --connections N   keep-alive connections (32)
  --seconds N       measure so long (5)
  --requests N      measure so many requests instead
  --warm-up N       requests before measuring (2000)
  --token TOKEN     bearer token
  --tool NAME       tool to call (search)
  --body-bytes N    size of the request's body, if the smallest call is smaller (200)
  --cpu-of PID      also report the CPU time of this process; may be repeated";

/// A parsed command line.
pub struct Options {
    pub url: String,
    pub n_connections: usize,
    pub seconds: u64,
    pub n_requests: Option<u64>,
    pub n_warm_up: u64,
    pub token: Option<String>,
    pub tool: String,
    pub body_bytes: usize,
    pub cpu_of: Vec<u32>,
}

impl Options {
    /// Reads the arguments behind the program's name.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            url: String::new(),
            n_connections: 32,
            seconds: 5,
            n_requests: None,
            n_warm_up: 2000,
            token: None,
            tool: "search".into(),
            body_bytes: 200,
            cpu_of: Vec::new(),
        };
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("option `{name}` needs a value"))?;
            options.set(&name, value)?;
        }
        if options.url.is_empty() || options.n_connections == 0 {
            return Err("`--url` and at least one connection are needed".into());
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "--url" => self.url = value,
            "--connections" => self.n_connections = number(name, &value)?,
            "--seconds" => self.seconds = number(name, &value)?,
            "--requests" => self.n_requests = Some(number(name, &value)?),
            "--warm-up" => self.n_warm_up = number(name, &value)?,
            "--token" => self.token = Some(value),
            "--tool" => self.tool = value,
            "--body-bytes" => self.body_bytes = number(name, &value)?,
            "--cpu-of" => self.cpu_of.push(number(name, &value)?),
            _ => return Err(format!("option `{name}` is not known")),
        }
        Ok(())
    }

    /// How long to measure.
    pub fn phase(&self) -> Phase {
        match self.n_requests {
            Some(n_requests) => Phase::requests(n_requests),
            None => Phase::seconds(self.seconds),
        }
    }
}

fn number<N: FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("option `{name}` needs a number, not `{value}`"))
}
