//! An error as a person reads it who opens an address of ours in a browser.

use http::{StatusCode, header};

use super::error::ApiError;

/// What the page may load: nothing.
pub const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Whether the client asks for a page.
#[must_use]
pub fn is_wanted(headers: &http::HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Status and HTML of an error, in the words of the API's envelope.
#[must_use]
pub fn error(error: &ApiError, request_id: &str) -> (StatusCode, Vec<u8>) {
    let status = error.status();
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{status} · grok2api</title>\n\
         </head>\n<body>\n<h1>{status}</h1>\n<p>{}</p>\n<p>Request: {}</p>\n</body>\n</html>\n",
        escaped(&error.to_string()),
        escaped(request_id),
    );
    (status, page.into_bytes())
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wrote_is_text() {
        let said = ApiError::NotFound("`<script>alert(\"1\")</script>` & 'more'".to_owned());
        let (status, page) = error(&said, "r1");
        let page = String::from_utf8(page).unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(
            page.contains(
                "<p>`&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;` &amp; &#39;more&#39;</p>"
            ),
            "{page}"
        );
    }
}
