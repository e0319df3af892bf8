//! Whether the listeners can have their addresses.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::Finding;

const CHECK: &str = "listener";

/// Tries an address for a moment. `owner` is the process that already runs as the gateway, if one does.
#[must_use]
pub fn look(name: &str, address: SocketAddr, owner: Option<u32>) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(CHECK, format!("`{name}` {address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match owner {
            Some(pid) => {
                Finding::ok(CHECK, format!("`{name}` {address} is in use while process {pid} is the gateway"))
            }
            None => {
                let text = format!("`{name}` {address} is in use by another program");
                Finding::problem(CHECK, text, format!("stop it, or set `{name}` to another address"))
            }
        },
        Err(error) => {
            let text = format!("`{name}` cannot listen on {address}: {error}");
            Finding::problem(
                CHECK,
                text,
                format!("set `{name}` to an address of this machine and a port from 1024"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::doctor::Status;
    use std::net::TcpListener;

    #[test]
    fn a_taken_address_is_a_problem_unless_the_gateway_runs() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(look("listen", address, None).status, Status::Problem);
        assert_eq!(look("listen", address, Some(1)).status, Status::Ok);
        assert_eq!(look("listen", "127.0.0.1:0".parse().unwrap(), None).status, Status::Ok);
        assert_eq!(look("listen", "192.0.2.1:1".parse().unwrap(), None).status, Status::Problem);
    }
}
