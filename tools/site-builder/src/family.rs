//! Which crate and which family a function belongs to, by its symbol.
//!
//! A family is a function of the source without its type arguments: however often the compiler
//! repeats it for other types, it is one line of the report.

/// The crate and the family of a symbol.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) krate: String,
    pub(crate) family: String,
}

const UNNAMED: &str = "(no name)";

/// Crates of the standard library, reported as one.
const STANDARD: [&str; 4] = ["core", "alloc", "std", "compiler_builtins"];

impl Origin {
    pub(crate) fn of(symbol: &str) -> Self {
        if symbol.is_empty() {
            return Self {
                krate: UNNAMED.to_owned(),
                family: UNNAMED.to_owned(),
            };
        }
        // Without the hash that tells instances apart.
        let path = format!("{:#}", rustc_demangle::demangle(symbol));
        let family = without_arguments(&path);
        let start = path
            .trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_')
            .trim_start_matches("mut ")
            .trim_start_matches("dyn ");
        let end = start
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(start.len());
        let (first, rest) = start.split_at(end);
        let krate = if !path.contains("::") {
            "(glue)"
        } else if rest.starts_with("::") {
            known(first)
        } else {
            // `<T as alloc::string::ToString>`, `<f64 as core::fmt::Display>`: the trait's crate.
            let after = path.split_once(" as ").map_or(start, |(_, after)| after);
            known(after.split("::").next().unwrap_or_default())
        };
        let krate = krate.to_owned();
        Self { krate, family }
    }
}

/// The name under which a crate is reported.
fn known(krate: &str) -> &str {
    if STANDARD.contains(&krate) {
        "std"
    } else {
        krate
    }
}

/// `a::f<b::C>` → `a::f`; what an implementation is for (`<a::B<C> as d::E>::f`) stays, without
/// its own arguments.
fn without_arguments(path: &str) -> String {
    let mut family = String::with_capacity(path.len());
    // Whether each open bracket is printed: those that begin a path are, arguments are not.
    let mut open: Vec<bool> = Vec::new();
    let mut previous = ' ';
    for c in path.chars() {
        match c {
            '<' => {
                let is_argument = previous.is_alphanumeric() || previous == '_';
                open.push(!is_argument);
                if open.iter().all(|printed| *printed) {
                    family.push(c);
                }
            }
            '>' if previous != '-' => {
                if open.iter().all(|printed| *printed) {
                    family.push(c);
                }
                open.pop();
            }
            _ if open.iter().all(|printed| *printed) => family.push(c),
            _ => {}
        }
        previous = c;
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(symbol: &str) -> (String, String) {
        let Origin { krate, family } = Origin::of(symbol);
        (krate, family)
    }

    fn pair(krate: &str, family: &str) -> (String, String) {
        (krate.to_owned(), family.to_owned())
    }

    #[test]
    fn instances_of_one_function_are_one_family() {
        let family = "core::ptr::drop_in_place";
        for of in ["a..B", "c..D"] {
            let inner = format!("drop_in_place$LT${of}$GT$");
            let symbol = format!("_ZN4core3ptr{}{inner}17h0123456789abcdefE", inner.len());
            assert_eq!(origin(&symbol), pair("std", family));
        }
    }

    #[test]
    fn an_implementation_belongs_to_the_crate_of_its_type_and_keeps_its_trait() {
        assert_eq!(
            origin("<tachys::view::any_view::AnyView<a::B> as tachys::Render>::build"),
            pair(
                "tachys",
                "<tachys::view::any_view::AnyView as tachys::Render>::build"
            )
        );
        assert_eq!(
            origin("<&mut serde_json::Deserializer<R> as serde::Deserializer>::any").0,
            "serde_json"
        );
    }

    #[test]
    fn what_has_no_crate_belongs_to_the_crate_of_its_trait() {
        assert_eq!(origin("<f64 as core::fmt::Display>::fmt").0, "std");
        assert_eq!(origin("<() as tachys::Render>::build").0, "tachys");
        assert_eq!(origin("<T as alloc::string::ToString>::to_string").0, "std");
        assert_eq!(origin("<F as leptos::Thing<P>>::call").0, "leptos");
    }

    #[test]
    fn what_has_no_path_is_glue() {
        assert_eq!(origin("memcpy").0, "(glue)");
        assert_eq!(origin("").0, UNNAMED);
    }
}
