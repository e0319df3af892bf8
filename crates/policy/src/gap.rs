//! Places in arguments whose values are not known, as JSON Pointers.
//! Must never take a place for known that only another spelling or position tells from one.

use crate::member::is_same_but_for_case;

/// The steps of a JSON Pointer.
pub(crate) fn steps(pointer: &str) -> impl Iterator<Item = String> + Clone {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// Whether what is at this pointer is on the way down these names, at its end or inside of what is there. `dotted` are
/// the names as the one name of an argument. The step `*` is any.
pub(crate) fn meets(gap: &str, names: &[Box<str>], dotted: Option<&str>) -> bool {
    let is_same = |step: &str, name: &str| step == "*" || is_same_but_for_case(step, name);
    let on_the_way = steps(gap).zip(names).all(|(step, name)| is_same(&step, name));
    on_the_way || steps(gap).next().zip(dotted).is_some_and(|(step, name)| is_same(&step, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_on_the_way_at_the_end_or_inside() {
        for (gap, expected) in [
            ("", true),
            ("/a", true),
            ("/a/b", true),
            ("/A/b/c/0", true),
            ("/*/b", true),
            ("/a.b", true),
            ("/a/c", false),
            ("/b", false),
            ("/a~1b", false),
        ] {
            assert_eq!(meets(gap, &["a".into(), "b".into()], Some("a.b")), expected, "{gap}");
        }
        assert!(steps("/a~1b/~01").eq(["a/b", "~1"]));
    }
}
