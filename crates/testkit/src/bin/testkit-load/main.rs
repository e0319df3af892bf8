//! The load generator of `./bench`: keep-alive connections that call one tool and check every reply.
//!
//! Prints one JSON object: requests, errors, latencies, and the CPU time of the processes named with `--cpu-of`.
//! Must never: count a reply that it did not check.

mod cpu;
mod latency;
mod options;
mod phase;
mod target;
mod worker;

use options::Options;
use phase::Phase;
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("running the load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Warms up, measures, prints; gives the number of errors.
async fn run(options: Options) -> Result<u64, String> {
    let target = Arc::new(target::Target::new(&options)?);
    let workers = worker::connect(&target, options.n_connections).await?;
    let warm_up = phase::run(workers, Phase::requests(options.n_warm_up)).await;
    let cpu_before = cpu::Times::of(&options.cpu_of)?;
    let measured = phase::run(warm_up.workers, options.phase()).await;
    let cpu = cpu::Times::of(&options.cpu_of)?.since(&cpu_before);
    let n_errors = warm_up.n_errors + measured.n_errors;
    let n_requests = measured.n_requests;
    let report = json!({
        "requests": n_requests,
        "errors": n_errors,
        "first_error": warm_up.first_error.or(measured.first_error),
        "seconds": measured.duration_ns as f64 / 1e9,
        "requests_per_second": n_requests as f64 * 1e9 / (measured.duration_ns.max(1) as f64),
        "latency_us": latency::summary(measured.latencies_ns),
        "cpu_us": cpu.scheduled_ns as f64 / 1e3,
        "cpu_us_per_request": cpu.scheduled_ns as f64 / 1e3 / (n_requests.max(1) as f64),
        "cpu_us_by_ticks": cpu.ticks_ns as f64 / 1e3,
        "request_bytes": target.body_bytes(),
    });
    println!("{report}");
    Ok(n_errors)
}
