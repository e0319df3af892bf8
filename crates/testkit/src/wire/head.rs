//! The head of a request or reply: start line and header lines, borrowed from the received bytes.
//!
//! Must never: copy or normalise what was received.

/// A complete head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    text: &'a str,
    /// Bytes of the head with the empty line that ends it.
    pub size_bytes: usize,
}

impl<'a> Head<'a> {
    /// The head at the start of `received`; none while it is incomplete. Text that is not UTF-8 is an empty head.
    pub fn parse(received: &'a [u8]) -> Option<Head<'a>> {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = received.get(..end).and_then(|head| std::str::from_utf8(head).ok());
        Some(Head { text: text.unwrap_or_default(), size_bytes: end + 4 })
    }

    /// The start line.
    pub fn start(&self) -> &'a str {
        self.text.split("\r\n").next().unwrap_or_default()
    }

    /// The status of a reply, 0 when the start line has none.
    pub fn status(&self) -> u16 {
        self.start().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The header lines as name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lines = self.text.split("\r\n").skip(1);
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()))
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn reads_a_head_and_waits_for_its_end() {
        let received = b"HTTP/1.1 202 Accepted\r\nA: b\r\nMcp-Name:  c:d \r\n\r\nbody";
        for end in 0..received.len() - 4 {
            assert!(Head::parse(&received[..end]).is_none(), "{end}");
        }
        let head = Head::parse(received).expect("the head is complete");
        assert_eq!((head.status(), head.size_bytes), (202, received.len() - 4));
        assert_eq!(head.headers().collect::<Vec<_>>(), [("A", "b"), ("Mcp-Name", "c:d")]);
        assert_eq!((head.header("mcp-name"), head.header("b")), (Some("c:d"), None));
    }
}
