//! What a person gets where our code does not run: forms, redirects and refusals.

use std::path::Path;

use http::header::{ACCEPT, CONTENT_TYPE, HOST, LOCATION, REFERER};
use reqwest::{Method, Response};
use test_support::Gateway;

use crate::browser::{Browser, start};

const PASSWORD: &str = "correct horse battery";
const WRONG: &str = "That password is not right.";

/// One that only its operator may use.
async fn private(data_dir: &Path) -> Gateway {
    start(data_dir, &[("GROK2API_APP__APP_KEY", PASSWORD)]).await
}

/// Sends the sign-in form, and says where its answer leads.
async fn leads_to(browser: &Browser, password: &str, next: &str, referer: Option<&str>) -> String {
    let next = next.replace('%', "%25").replace('&', "%26");
    let request = browser.post("/api/sign_in").header(ACCEPT, "text/html");
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = match referer {
        Some(page) => request.header(REFERER, page),
        None => request,
    };
    let form = format!("password={}&next={next}", password.replace(' ', "+"));
    let response = request.body(form).send().await.unwrap();
    assert_eq!(response.status(), 302);
    browser.keep(&response);
    location(&response).to_owned()
}

fn location(response: &Response) -> &str {
    response.headers()[LOCATION].to_str().unwrap()
}

async fn read(gateway: &Gateway, path: &str) -> String {
    let browser = Browser::new(gateway);
    let page = browser.client.get(format!("{}{path}", gateway.url()));
    let page = page.header(ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200, "{path}");
    page.text().await.unwrap()
}

#[tokio::test]
async fn a_wrong_password_leads_to_its_form_with_one_error_however_often_it_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = private(folder.path()).await;
    let browser = Browser::new(&gateway);
    for (next, form) in [
        ("/", "/login?__path="),
        ("/?a=1&b=%2B", "/login?next=/?a=1%26b=%252B&__path="),
        ("/admin/accounts", "/admin/login?__path="),
        (
            "/admin/accounts?add=1",
            "/admin/login?next=/admin/accounts?add=1&__path=",
        ),
    ] {
        let first = leads_to(&browser, "wrong", next, None).await;
        assert!(first.starts_with(form), "{first}");
        let from = format!("{}{first}", gateway.url());
        let second = leads_to(&browser, "wrong", next, Some(&from)).await;
        assert_eq!(second, first, "the address stays as it is");
        let page = read(&gateway, &first).await;
        assert!(page.contains(WRONG), "{first}: {page}");
    }
}

#[tokio::test]
async fn no_form_leads_to_another_site() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = private(folder.path()).await;
    let browser = Browser::new(&gateway);
    for next in ["//evil.example/", "https://evil.example", "/\u{e9}"] {
        let failed = leads_to(&browser, "wrong", next, None).await;
        assert!(failed.starts_with("/login?__path="), "{failed}");
        assert!(!failed.contains("evil"), "{failed}");
    }
    for next in ["//evil.example/", "/\u{e9}"] {
        assert_eq!(leads_to(&browser, PASSWORD, next, None).await, "/");
    }
}

#[tokio::test]
async fn a_password_with_a_space_around_it_is_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = private(folder.path()).await;
    let browser = Browser::new(&gateway);
    // Judged twice each, and counted once: five failures are free.
    for _ in 0..4 {
        let said = browser.sign_in(" wrong ").await;
        assert_eq!((said.status, said.kind()), (401, "wrong_password"));
    }
    assert_eq!(browser.sign_in(&format!(" {PASSWORD} ")).await.status, 200);
    assert!(browser.is_admin().await);
}

#[tokio::test]
async fn a_private_page_redirects_whatever_the_client_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = private(folder.path()).await;
    let browser = Browser::new(&gateway);
    for (path, form) in [
        ("/", "/login"),
        ("/admin/accounts", "/admin/login?next=/admin/accounts"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            for accept in ["text/html", "*/*"] {
                let url = format!("{}{path}", gateway.url());
                let request = browser.client.request(method.clone(), url);
                let response = request.header(ACCEPT, accept).send().await.unwrap();
                assert_eq!(response.status(), 302, "{method} {path} {accept}");
                assert_eq!(location(&response), form);
                assert!(!response.headers().contains_key("serverfnredirect"));
            }
        }
    }
    // Our code reads where to go from a call that has succeeded.
    let said = browser.post("/api/sign_out").send().await.unwrap();
    assert_eq!((said.status().as_u16(), location(&said)), (200, "/login"));
    assert!(said.headers().contains_key("serverfnredirect"));
}

#[tokio::test]
async fn a_person_reads_why_a_name_is_refused_as_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = private(folder.path()).await;
    let browser = Browser::new(&gateway);
    let get = async |path: &str, accept: &str| {
        let request = browser.client.get(format!("{}{path}", gateway.url()));
        let request = request.header(HOST, "myhost.example.org");
        let response = request.header(ACCEPT, accept).send().await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
        response
    };
    for path in ["/login", "/admin", "/?<script>"] {
        let response = get(path, "text/html,*/*;q=0.8").await;
        let headers = response.headers();
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; frame-ancestors 'none'"
        );
        let id = headers["x-request-id"].to_str().unwrap().to_owned();
        let page = response.text().await.unwrap();
        assert!(
            page.contains("This server is not known by that name."),
            "{page}"
        );
        assert!(page.contains(&id), "{page}");
        assert!(!page.contains("<script"), "{page}");
    }
    for (path, accept) in [("/login", "*/*"), ("/v1/public/models", "text/html")] {
        let json: serde_json::Value = get(path, accept).await.json().await.unwrap();
        assert_eq!(json["error"]["code"], "forbidden", "{path}");
    }
}
