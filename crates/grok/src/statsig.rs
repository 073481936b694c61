//! The `x-statsig-id` header (`upstream-protocol` 1.7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use rand::Rng as _;

/// Base64 of `e:TypeError: Cannot read properties of undefined (reading 'childNodes')`.
pub(crate) const STATIC_ID: &str = "ZTpUeXBlRXJyb3I6IENhbm5vdCByZWFkIHByb3BlcnRpZXMgb2YgdW5kZWZpbmVkIChyZWFkaW5nICdjaGlsZE5vZGVzJyk=";

const LETTERS_AND_DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A fresh id: one of two error texts with a random word.
pub(crate) fn dynamic_id() -> HeaderValue {
    let encoded = STANDARD.encode(dynamic_text());
    HeaderValue::try_from(encoded).unwrap_or(HeaderValue::from_static(STATIC_ID))
}

fn dynamic_text() -> String {
    let mut rng = rand::rng();
    let is_first_form: bool = rng.random();
    let (length, alphabet) = if is_first_form { (5, 36) } else { (10, 26) };
    let word: String = (0..length)
        .filter_map(|_| LETTERS_AND_DIGITS.get(rng.random_range(0..alphabet)))
        .map(|&letter| char::from(letter))
        .collect();
    if is_first_form {
        format!("e:TypeError: Cannot read properties of null (reading 'children['{word}']')")
    } else {
        format!("e:TypeError: Cannot read properties of undefined (reading '{word}')")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(id: &str) -> String {
        String::from_utf8(STANDARD.decode(id).unwrap()).unwrap()
    }

    #[test]
    fn the_static_id_is_the_documented_text() {
        let text = "e:TypeError: Cannot read properties of undefined (reading 'childNodes')";
        assert_eq!(decoded(STATIC_ID), text);
    }

    #[test]
    fn dynamic_ids_have_one_of_two_forms_and_a_new_word() {
        let (mut first, mut second) = (0, 0);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..200 {
            let text = decoded(dynamic_id().to_str().unwrap());
            assert!(seen.insert(text.clone()), "the word repeats: {text}");
            if let Some(rest) = text
                .strip_prefix("e:TypeError: Cannot read properties of null (reading 'children['")
            {
                let word = rest.strip_suffix("']')").unwrap();
                assert_eq!(word.len(), 5);
                assert!(
                    word.bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                );
                first += 1;
            } else {
                let word = text
                    .strip_prefix("e:TypeError: Cannot read properties of undefined (reading '")
                    .and_then(|rest| rest.strip_suffix("')"))
                    .unwrap();
                assert_eq!(word.len(), 10);
                assert!(word.bytes().all(|b| b.is_ascii_lowercase()));
                second += 1;
            }
        }
        assert!(
            first > 20 && second > 20,
            "both forms are used: {first}, {second}"
        );
    }
}
