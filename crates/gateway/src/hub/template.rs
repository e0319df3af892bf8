//! Whether a URI can have come of a template (RFC 6570), as far as it takes to find the server that it belongs to.
//! It decides nothing but where a request goes; whether it may go there is the policy's question.

/// Longest URI that is looked at.
const MAX_BYTES: usize = 8 << 10;

enum Part<'a> {
    /// These bytes.
    Literal(&'a str),
    /// One or more characters of one path segment.
    Segment,
    /// Anything, also nothing.
    Rest,
}

/// Whether `uri` can have come of `template`.
pub fn matches(template: &str, uri: &str) -> bool {
    if uri.len() > MAX_BYTES || template.len() > MAX_BYTES {
        return false;
    }
    let Some(parts) = parts(template) else { return false };
    // Where the parts so far can end.
    let mut ends = vec![false; uri.len() + 1];
    mark(&mut ends, 0);
    for part in parts {
        ends = step(&part, uri, &ends);
    }
    ends.last().copied().unwrap_or(false)
}

fn parts(template: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((literal, behind)) = rest.split_once('{') {
        let (expression, after) = behind.split_once('}')?;
        parts.push(Part::Literal(literal));
        let is_plain = expression.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        parts.push(if is_plain && !expression.contains(['*', ',']) { Part::Segment } else { Part::Rest });
        rest = after;
    }
    parts.push(Part::Literal(rest));
    Some(parts)
}

fn step(part: &Part<'_>, uri: &str, ends: &[bool]) -> Vec<bool> {
    let mut next = vec![false; ends.len()];
    let is_end = |at: usize| ends.get(at).copied().unwrap_or(false);
    let mut is_open = false;
    let places = uri.char_indices().map(|(at, c)| (at, Some(c))).chain([(uri.len(), None)]);
    for (at, c) in places {
        match part {
            Part::Literal(text) => {
                if is_end(at) && uri.get(at..).is_some_and(|rest| rest.starts_with(text)) {
                    mark(&mut next, at + text.len());
                }
            }
            Part::Segment => {
                let Some(c) = c else { break };
                is_open = (is_open || is_end(at)) && !matches!(c, '/' | '?' | '#');
                if is_open {
                    mark(&mut next, at + c.len_utf8());
                }
            }
            Part::Rest => {
                is_open = is_open || is_end(at);
                if is_open {
                    mark(&mut next, at);
                }
            }
        }
    }
    next
}

fn mark(ends: &mut [bool], at: usize) {
    if let Some(end) = ends.get_mut(at) {
        *end = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_templates() {
        for (template, uri, expected) in [
            ("file:///{name}", "file:///a", true),
            ("file:///{name}", "file:///", false),
            ("file:///{name}", "file:///a/b", false),
            ("file:///{+path}", "file:///a/b", true),
            ("file:///{+path}", "file:///", true),
            ("file://{/path*}", "file:///a/b", true),
            ("db://{table}/{id}", "db://t/1", true),
            ("db://{table}/{id}", "db://t/1/2", false),
            ("db://{table}/x{id}", "db://t/xx1", true),
            ("q://a{?x,y}", "q://a?x=1", true),
            ("q://a{?x,y}", "q://a", true),
            ("note://{name}.md", "note://a.b.md", true),
            ("note://{name}.md", "note://ä.md", true),
            ("note://{name}.md", "note://.md", false),
            ("plain://x", "plain://x", true),
            ("plain://x", "plain://xy", false),
            ("bad://{x", "bad://{x", false),
            ("", "", true),
        ] {
            assert_eq!(matches(template, uri), expected, "{template} {uri}");
        }
    }

    #[test]
    fn a_long_uri_is_not_looked_at() {
        assert!(!matches("{+x}", &"a".repeat(MAX_BYTES + 1)));
        assert!(matches(&"{+x}".repeat(1_000), &"a".repeat(MAX_BYTES)), "and many parts take no long time");
    }
}
