//! `cidr` as languages, and all demands on one address at once.
//! Addresses of IPv4 are exact; those of IPv6 have many spellings, so their language is only bounded. What several
//! demands ask of one address is decided at the borders of their networks.

use core::net::IpAddr;

use super::bounds::{Between, Bounds};
use super::language::Language;
use crate::operator::{Network, Test};

const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
/// A group of an address of IPv6.
const GROUP: &str = "[0-9A-Fa-f]{1,4}";

pub(super) fn bounds(networks: &[Network]) -> Bounds {
    let short = Language::any(networks.iter().filter_map(octets));
    let long = Language::matching(&format!(r"\A{}\z", ipv6()));
    let other = Language::all([Language::matching(&format!(r"\A{}\z", ipv4())), short.clone().not()]);
    Bounds {
        when_true: Between { outer: Language::any([short.clone(), long.clone()]), inner: short },
        when_false: Between { outer: Language::any([other.clone(), long]), inner: other },
    }
}

/// A pattern of all addresses of IPv4.
pub(super) fn ipv4() -> String {
    format!(r"(?:(?:{OCTET}\.){{3}}{OCTET})")
}

/// A pattern of all spellings of addresses of IPv6: eight groups, of which the last two may be written as an address
/// of IPv4, and some zeros in a row may be left out.
pub(super) fn ipv6() -> String {
    let last = format!("(?:{GROUP}:{GROUP}|{})", ipv4());
    let mut forms = vec![format!("(?:{GROUP}:){{6}}{last}")];
    for n_before in 0..8_usize {
        let before = match n_before {
            0 => String::new(),
            n => format!("(?:{GROUP}(?::{GROUP}){{0,{}}})?", n - 1),
        };
        forms.push(match n_before {
            7 => format!("{before}::"),
            6 => format!("{before}::{GROUP}"),
            n => format!("{before}::(?:{GROUP}:){{{}}}{last}", 5 - n),
        });
    }
    format!("(?:{})", forms.join("|"))
}

/// The addresses of a network of IPv4.
fn octets(network: &Network) -> Option<Language> {
    let (IpAddr::V4(first), IpAddr::V4(last)) = (network.first(), network.last()) else { return None };
    let parts = first.octets().into_iter().zip(last.octets()).map(|(low, high)| match (low, high) {
        (0, 255) => OCTET.to_owned(),
        (low, high) if low == high => low.to_string(),
        (low, high) => {
            let numbers: Vec<_> = (low..=high).map(|number| number.to_string()).collect();
            format!("(?:{})", numbers.join("|"))
        }
    });
    let parts: Vec<_> = parts.collect();
    Some(Language::matching(&format!(r"\A{}\z", parts.join(r"\."))))
}

/// One text for every way in which networks can tell texts apart: no address, and the borders of each.
pub(super) fn examples<'a>(tests: impl Iterator<Item = &'a Test>) -> Vec<String> {
    // The last one follows the addresses of IPv6 that stand for those of IPv4.
    let mut borders: Vec<IpAddr> =
        vec![[0_u8; 4].into(), [0_u16; 8].into(), [0_u16, 0, 0, 0, 1, 0, 0, 0].into()];
    for test in tests {
        let Test::InNetwork(networks) = test else { continue };
        for network in networks {
            borders.push(network.first());
            borders.extend(after(network.last()));
        }
    }
    let mut texts: Vec<_> = borders.iter().map(ToString::to_string).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.push("x".to_owned());
    texts
}

/// The next address.
fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}
