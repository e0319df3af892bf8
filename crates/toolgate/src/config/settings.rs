//! The gateway's own settings: where it listens, where it keeps its data, and its bounds.
//! Plain HTTP beyond loopback is refused unless the operator says in so many words that it is wanted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use store::Durability;
use store::audit::Retention;

use super::report::Report;
use super::source::Source;
use super::table::{Placed, Table};

/// A certificate and its key, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, leaf first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The gateway's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where agents connect.
    pub listen: SocketAddr,
    /// Where administration and metrics listen; always loopback until accounts are built.
    pub admin_listen: SocketAddr,
    /// The data folder.
    pub data: PathBuf,
    /// When records count as written.
    pub durability: Durability,
    /// Permits plain HTTP beyond loopback.
    pub insecure_listen: bool,
    /// Serves TLS on `listen`.
    pub tls: Option<Tls>,
    /// Values of `Origin` that are answered, besides requests without one.
    pub allowed_origins: Vec<String>,
    /// Values of `Host` that are answered, besides the address that is listened on.
    pub allowed_hosts: Vec<String>,
    /// The largest request body.
    pub max_body_bytes: u64,
    /// Calls are denied while the data folder's volume has less free space.
    pub free_space_reserve_bytes: u64,
    /// A segment of the audit log is closed when it has grown to this.
    pub audit_segment_bytes: u64,
    /// How long audit records are kept.
    pub audit_retention: Retention,
}

impl Settings {
    /// What the store is opened with.
    #[must_use]
    pub fn store_options(&self) -> store::Options {
        store::Options {
            durability: self.durability,
            max_segment_bytes: self.audit_segment_bytes,
            retention: self.audit_retention,
            free_space_reserve_bytes: self.free_space_reserve_bytes,
            ..store::Options::new(self.data.clone())
        }
    }
}

/// The listener for agents when the file names none.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The listener for administration when the file names none.
pub const DEFAULT_ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
const DEFAULT_MAX_BODY_BYTES: u64 = 4 << 20;
const DEFAULT_FREE_SPACE_RESERVE_BYTES: u64 = 16 << 20;
const DEFAULT_SEGMENT_BYTES: u64 = 16 << 20;

/// Reads the settings; keys with problems keep their default, because the problem refuses the whole set.
#[must_use]
pub fn read(top: &Table<'_, '_>, source: &Source) -> Settings {
    let tls = read_tls(top);
    let insecure_listen = top.boolean("insecure_listen").unwrap_or(false);
    let listen = address(top, "listen", DEFAULT_LISTEN);
    let admin_listen = address(top, "admin_listen", DEFAULT_ADMIN_LISTEN);
    let (audit_segment_bytes, audit_retention) = read_audit(top);
    check_exposure(top.report(), &listen, tls.is_some() || insecure_listen);
    check_admin(top.report(), &admin_listen, &listen);
    Settings {
        listen: listen.value,
        admin_listen: admin_listen.value,
        data: data_folder(top, source),
        durability: durability(top),
        insecure_listen,
        tls,
        allowed_origins: checked_list(
            top,
            "allowed_origins",
            is_origin,
            "an origin such as `https://app.example`",
        ),
        allowed_hosts: checked_list(top, "allowed_hosts", is_host, "a host such as `gateway.example:8080`"),
        max_body_bytes: size(top, "max_body_bytes", DEFAULT_MAX_BODY_BYTES, 1 << 10, 1 << 30),
        free_space_reserve_bytes: size(
            top,
            "free_space_reserve",
            DEFAULT_FREE_SPACE_RESERVE_BYTES,
            0,
            1 << 40,
        ),
        audit_segment_bytes,
        audit_retention,
    }
}

fn read_tls(top: &Table<'_, '_>) -> Option<Tls> {
    let table = top.table("tls")?;
    let cert = path(&table, "cert");
    let key = path(&table, "key");
    if cert.is_none() || key.is_none() {
        let (name, report) = (table.dotted("cert"), table.report());
        report.error(&table.place, format!("TLS needs both `{name}` and `{}`", table.dotted("key")));
    }
    table.finish();
    Some(Tls { cert: cert?, key: key? })
}

fn read_audit(top: &Table<'_, '_>) -> (u64, Retention) {
    let Some(table) = top.table("audit") else { return (DEFAULT_SEGMENT_BYTES, Retention::default()) };
    let segment_bytes = size(&table, "segment_size", DEFAULT_SEGMENT_BYTES, 64 << 10, 1 << 30);
    let max_age_ms = table.duration_ms("keep").map(|keep| keep.value);
    let keep_size = table.size_bytes("keep_size");
    if let Some(keep) = keep_size.as_ref().filter(|keep| keep.value < segment_bytes.saturating_mul(2)) {
        let message = format!("`{}` must be at least two segments", table.dotted("keep_size"));
        table.report().error(&keep.place, message);
    }
    table.finish();
    (segment_bytes, Retention { max_age_ms, max_bytes: keep_size.map(|keep| keep.value) })
}

fn durability(top: &Table<'_, '_>) -> Durability {
    let Some(text) = top.string("durability") else { return Durability::Process };
    match text.value {
        "process" => Durability::Process,
        "power" => Durability::Power,
        _ => {
            top.report().error(&text.place, "`durability` must be `process` or `power`");
            Durability::Process
        }
    }
}

fn data_folder(top: &Table<'_, '_>, source: &Source) -> PathBuf {
    if let Some(folder) = path(top, "data") {
        return folder;
    }
    source.default_data.clone().unwrap_or_else(|| {
        let message = "no home folder is known for the data; set `data = \"/path/to/folder\"`";
        top.report().error(&top.place, message);
        PathBuf::new()
    })
}

/// A path made absolute; `~` is refused because no shell expands it here.
pub fn path(table: &Table<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let text = table.string(key)?;
    if text.value.is_empty() || text.value.contains('\0') {
        table.report().error(&text.place, format!("`{}` must be a path", table.dotted(key)));
        return None;
    }
    if text.value == "~" || text.value.starts_with("~/") {
        let message = format!("`{}` must be written out; `~` is not expanded here", table.dotted(key));
        table.report().error(&text.place, message);
        return None;
    }
    Some(table.report().resolve(text.value))
}

fn address(top: &Table<'_, '_>, key: &'static str, default: SocketAddr) -> Placed<SocketAddr> {
    let place = top.place_of(key).unwrap_or(top.place.clone());
    let Some(text) = top.string(key) else { return Placed { value: default, place } };
    let value = text.value.parse().unwrap_or_else(|_| {
        let message = format!("`{key}` must be an IP address and a port such as `127.0.0.1:8080`");
        top.report().error(&text.place, message);
        default
    });
    Placed { value, place: text.place }
}

fn check_exposure(report: &Report<'_>, listen: &Placed<SocketAddr>, is_accepted: bool) {
    if !listen.value.ip().is_loopback() && !is_accepted {
        let message = "plain HTTP beyond this machine would show every token to the network; \
                       add a `[tls]` table, or `insecure_listen = true` behind a proxy that adds TLS";
        report.error(&listen.place, message);
    }
}

fn check_admin(report: &Report<'_>, admin: &Placed<SocketAddr>, listen: &Placed<SocketAddr>) {
    if !admin.value.ip().is_loopback() {
        let message = "administration beyond this machine needs accounts, which are known but not yet built; \
                       use a loopback address";
        report.error(&admin.place, message);
    }
    if admin.value == listen.value && admin.value.port() != 0 {
        report.error(&admin.place, "`admin_listen` and `listen` must differ");
    }
}

/// A size within bounds, or its default.
#[must_use]
pub fn size(table: &Table<'_, '_>, key: &'static str, default: u64, min: u64, max: u64) -> u64 {
    let Some(size) = table.size_bytes(key) else { return default };
    if size.value < min || size.value > max {
        let (min, max) = (super::quantity::show_size(min), super::quantity::show_size(max));
        let message = format!("`{}` must be between {min} and {max}", table.dotted(key));
        table.report().error(&size.place, message);
    }
    size.value
}

fn checked_list(
    top: &Table<'_, '_>,
    key: &'static str,
    is_valid: fn(&str) -> bool,
    expected: &str,
) -> Vec<String> {
    let mut accepted = Vec::new();
    for item in top.strings(key).map(|list| list.value).unwrap_or_default() {
        if is_valid(item.value) {
            accepted.push(item.value.to_owned());
        } else {
            top.report().error(&item.place, format!("each of `{key}` must be {expected}"));
        }
    }
    accepted
}

/// `scheme://host[:port]` and nothing more; `null` and `*` would admit any page.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    !scheme.is_empty()
        && scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && is_host(rest)
}

/// A host name or address with or without a port, in lower case.
fn is_host(text: &str) -> bool {
    let is_written_plainly = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_[]:".contains(c));
    is_written_plainly
        && text.parse::<hyper::http::uri::Authority>().is_ok_and(|authority| !authority.host().is_empty())
}
