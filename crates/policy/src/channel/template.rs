//! Templates of URIs in lists: `{…}` stands for anything. A template is shown unless it is certain that nothing
//! which it could become is open.

use super::address::{Address, MAX_URI_BYTES};
use super::glob::Token;
use super::pattern::{Kind, Pattern, Subject};

/// Whether a text of a list is a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains('{')
}

/// Whether an allow might cover something that the template could become.
pub(super) fn may_allow(pattern: &Pattern, template: &str) -> bool {
    if template.len() > MAX_URI_BYTES {
        return true;
    }
    match &pattern.kind {
        Kind::Everything => true,
        Kind::Uri { written, .. } => written.meets(&tokens(template)),
        Kind::Host(host) => match literal_start(template) {
            Some(start) => {
                Address::split(start).and_then(|start| start.host()).is_some_and(|named| host.allows(&named))
            }
            None => true,
        },
        Kind::Exact | Kind::Name(_) => false,
    }
}

/// Whether a deny certainly covers everything that the template could become.
pub(super) fn denies_all(pattern: &Pattern, template: &str) -> bool {
    if template.len() > MAX_URI_BYTES {
        return false;
    }
    match &pattern.kind {
        Kind::Everything => true,
        Kind::Uri { read, .. } => read.iter().any(|glob| glob.covers(&tokens(template))),
        Kind::Host(_) => {
            literal_start(template).is_some_and(|start| pattern.denies(&Subject::new(start, true)))
        }
        Kind::Exact | Kind::Name(_) => false,
    }
}

/// What stands before the first expression, if it holds the whole host.
fn literal_start(template: &str) -> Option<&str> {
    let start = template.split('{').next()?;
    let address = Address::split(start)?;
    (address.authority.is_some() && address.rest.starts_with('/')).then_some(start)
}

fn tokens(template: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = template.chars();
    while let Some(letter) = letters.next() {
        if letter == '{' {
            tokens.push(Token::Anything);
            letters.by_ref().find(|letter| *letter == '}');
        } else {
            tokens.push(Token::Letter(letter));
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, template: &str, may: bool, all: bool) {
        let pattern = Pattern::uri(pattern).unwrap();
        assert_eq!(may_allow(&pattern, template), may, "{pattern:?} may allow {template}");
        assert_eq!(denies_all(&pattern, template), all, "{pattern:?} denies all {template}");
    }

    #[test]
    fn a_template_meets_what_it_could_become() {
        check("file:///srv/docs/*", "file:///srv/docs/{name}", true, false);
        check("file:///srv/docs/**", "file:///srv/docs/{+path}", true, true);
        check("file:///srv/docs/*", "file:///{+path}", true, false);
        check("file:///srv/docs/*", "file:///etc/{name}", false, false);
        check("file:///srv/docs/*.md", "file:///srv/docs/{name}.txt", false, false);
        check("file:///srv/docs/*.md", "file:///srv/docs/{name}", true, false);
        check("file:///srv/*/a", "file:///srv/{x}/b", false, false);
        check("file:///srv/*/a", "file:///srv/x/a", true, true);
        check("FILE:///srv/**", "file:///srv/{x", false, true);
        check("*", "{anything}", true, true);
        check("**/.env", "file:///{p}/.env", true, true);
        check("**/.env", "file:///{p}/.envs", false, false);
    }

    #[test]
    fn hosts_of_templates() {
        let host = |text: &str| Pattern::host(text, crate::channel::HostPattern::parse(text).unwrap());
        let pattern = host("*.example.com");
        assert!(may_allow(&pattern, "https://{host}/a"));
        assert!(may_allow(&pattern, "https://a.example.com/{a}"));
        assert!(may_allow(&pattern, "https://a.example.com{a}"));
        assert!(!may_allow(&pattern, "https://example.org/{a}"));
        assert!(denies_all(&pattern, "https://a.example.com/{a}"));
        assert!(!denies_all(&pattern, "https://a.example.com{a}"));
        assert!(!denies_all(&pattern, "https://{host}/a"));
    }
}
