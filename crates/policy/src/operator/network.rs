//! `cidr`: an IP address is in a network.
//! Reads only the plain spellings of addresses; others are errors, because some resolvers take them for addresses too.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use json::Value;

use super::{BadValue, Operator, Test, read_texts};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const CIDR: Operator = Operator {
    name: "cidr",
    doc: "The text is an IP address in one of these networks. `::ffff:10.0.0.1` is 10.0.0.1.",
    value: "a network such as `10.0.0.0/8` or `fd00::/8`, an address, or a list of them",
    errors: "the argument is no IP address in its plain spelling",
    negated: false,
    prepare,
};

/// A network: the bits of its addresses that are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    n_fixed: u32,
}

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let mut networks = Vec::new();
    for (element, text) in read_texts(value)? {
        let network = Network::parse(&text).map_err(|why| BadValue {
            code: code::BAD_VALUE,
            message: format!("`{text}` is no network: {why}"),
            element,
        })?;
        networks.push(network);
    }
    Ok(Test::InNetwork(networks))
}

pub(super) fn judge(networks: &[Network], value: Datum<'_>) -> Truth {
    let address = value.text().and_then(|text| text.parse::<IpAddr>().ok());
    let Some(address) = address.map(|address| address.to_canonical()) else { return Truth::Error };
    Truth::from_bool(networks.iter().any(|network| network.holds(address)))
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let (base, length) = text.split_once('/').map_or((text, None), |(base, length)| (base, Some(length)));
        let base: IpAddr = base
            .parse()
            .map_err(|_| "write an address, `/` and a number of bits, such as `10.0.0.0/8`".to_owned())?;
        let n_bits = if base.is_ipv4() { 32 } else { 128 };
        let n_fixed = match length {
            None => Some(n_bits),
            Some(digits) => digits.parse().ok().filter(|n: &u32| *n <= n_bits && n.to_string() == digits),
        };
        let n_fixed = n_fixed.ok_or_else(|| format!("the number after `/` is one from 0 to {n_bits}"))?;
        let network = Self { base, n_fixed };
        let first = network.masked(base);
        if first != base {
            return Err(format!(
                "the address has bits beyond the first {n_fixed}; write `{first}/{n_fixed}`"
            ));
        }
        if base.to_canonical() != base {
            return Err("write it as a network of IPv4".to_owned());
        }
        Ok(network)
    }

    /// Its lowest address.
    pub(crate) const fn first(&self) -> IpAddr {
        self.base
    }

    /// Its highest address.
    pub(crate) fn last(&self) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let free = u32::MAX.checked_shr(self.n_fixed).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(base.to_bits() | free))
            }
            IpAddr::V6(base) => {
                let free = u128::MAX.checked_shr(self.n_fixed).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(base.to_bits() | free))
            }
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && self.masked(address) == self.base
    }

    /// The address with all bits cleared but the fixed ones.
    fn masked(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - self.n_fixed).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - self.n_fixed).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn addresses() {
        let value = r#"["10.0.0.0/8", "192.168.1.7", "fd00::/8"]"#;
        for (address, expected) in [
            ("10.255.0.1", True),
            ("11.0.0.1", False),
            ("192.168.1.7", True),
            ("192.168.1.8", False),
            ("fd12::1", True),
            ("fe80::1", False),
            ("::ffff:10.0.0.1", True),
            ("::ffff:a00:1", True),
            ("10.1", Error),
            ("010.0.0.1", Error),
            ("0x0a000001", Error),
            ("167772161", Error),
            ("10.0.0.1 ", Error),
            ("10.0.0.1:80", Error),
            ("fd12::1%eth0", Error),
            ("[fd12::1]", Error),
            ("localhost", Error),
            ("", Error),
        ] {
            check(&CIDR, value, &format!("\"{address}\""), [expected, expected]);
        }
        check(&CIDR, "\"0.0.0.0/0\"", "\"8.8.8.8\"", [True, True]);
        check(&CIDR, "\"0.0.0.0/0\"", "\"::1\"", [False, False]);
        check(&CIDR, "\"::/0\"", "\"::1\"", [True, True]);
        check(&CIDR, "\"10.0.0.0/8\"", "10", [Error, Error]);
        check(&CIDR, "\"10.0.0.0/8\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&CIDR, "\"10.0.0.1/8\"", "write `10.0.0.0/8`");
        refuses(&CIDR, "\"10.0.0.0/33\"", "from 0 to 32");
        refuses(&CIDR, "\"10.0.0.0/08\"", "from 0 to 32");
        refuses(&CIDR, "\"10/8\"", "write an address");
        refuses(&CIDR, "\"::ffff:10.0.0.0/104\"", "IPv4");
        refuses(&CIDR, "[]", "at least one");
    }
}
