//! Settings that an account's holder makes.

use grok::{BirthDate, Protocol};

use super::*;

const TERMS: &[u8] = &[0, 0, 0, 0, 2, 0x10, 1];
const FEATURES: &[u8] =
    b"\x00\x00\x00\x00\x20\x0a\x02\x10\x01\x12\x1a\x0a\x18always_show_nsfw_content";

/// The web app is one upstream, the accounts' site another.
fn clients(web: &Fake, accounts: &Fake, protocol: Protocol) -> Client {
    let settings = Settings {
        accounts_url: accounts.url.join("site").unwrap(),
        protocol,
        ..settings(web)
    };
    Client::new(settings).unwrap()
}

fn trailers(text: &str) -> Reply {
    let length = u8::try_from(text.len()).unwrap();
    let body = [&[0, 0, 0, 0, 0, 0x80, 0, 0, 0, length], text.as_bytes()].concat();
    Reply::new(200, body).header("content-type", "application/grpc-web+proto")
}

#[tokio::test]
async fn terms_are_accepted_at_the_accounts_site_without_the_web_apps_cookies() {
    let web = Fake::start([]).await;
    let accounts = Fake::start([trailers("grpc-status:0\r\n")]).await;
    let client = clients(&web, &accounts, Protocol::Auto);
    client.accept_account_terms(CREDENTIAL, LONG).await.unwrap();
    let received = accounts.received();
    let request = &received[0];
    let path = "/site/auth_mgmt.AuthManagement/SetTosAcceptedVersion";
    assert_eq!((request.uri.as_str(), &request.body[..]), (path, TERMS));
    let origin = accounts.url.as_str().trim_end_matches('/').to_owned();
    for (name, value) in [
        ("origin", origin.as_str()),
        ("referer", &format!("{origin}/site/accept-tos")),
        ("content-type", "application/grpc-web+proto"),
        ("x-grpc-web", "1"),
        ("x-user-agent", "connect-es/2.1.1"),
        ("cache-control", "no-cache"),
        (
            "cookie",
            "sso=planted-credential-1; sso-rw=planted-credential-1",
        ),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn adult_content_is_switched_on_in_the_form_of_the_year() {
    for (protocol, page, client_name) in [
        (Protocol::Auto, "", None),
        (Protocol::February, "?_s=data", Some("connect-es/2.1.1")),
    ] {
        let web = Fake::start([trailers("grpc-status:0\r\n")]).await;
        let client = clients(&web, &web, protocol);
        client.show_adult_content(CREDENTIAL, LONG).await.unwrap();
        let received = web.received();
        let request = &received[0];
        let path = "/auth_mgmt.AuthManagement/UpdateUserFeatureControls";
        assert_eq!((request.uri.as_str(), &request.body[..]), (path, FEATURES));
        let referer = format!("{}{page}", web.url);
        assert_eq!(request.header("referer"), Some(referer.as_str()));
        assert_eq!(request.header("x-user-agent"), client_name);
        let cookie = request.header("cookie").unwrap();
        assert!(cookie.contains("cf_clearance=planted-clearance-1"));
    }
}

#[tokio::test]
async fn a_grpc_status_counts_as_the_http_status_that_it_stands_for() {
    let replies = [
        trailers("grpc-status:16\r\ngrpc-message:planted-credential-1%20is%20old\r\n"),
        trailers("grpc-status:8\r\n"),
        Reply::new(401, "{}"),
        Reply::new(200, "<!DOCTYPE html>"),
    ];
    let web = Fake::start(replies).await;
    let client = clients(&web, &web, Protocol::Auto);
    let ask = async || {
        client
            .show_adult_content(CREDENTIAL, LONG)
            .await
            .unwrap_err()
    };
    let refused = ask().await;
    assert_eq!(
        (refused.status(), refused.class()),
        (Some(401), Class::Unauthorized)
    );
    assert_eq!(refused.message(), "the upstream answered 401: … is old");
    assert_eq!(ask().await.class(), Class::RateLimited);
    assert_eq!(ask().await.class(), Class::Unauthorized);
    assert_eq!(ask().await.status(), None, "no gRPC at all");
}

#[tokio::test]
async fn the_products_terms_are_accepted_where_they_are_known() {
    let replies = [200, 204, 404, 400].map(|status| Reply::new(status, ""));
    let web = Fake::start(replies).await;
    let client = clients(&web, &web, Protocol::Auto);
    let ask = async || client.accept_product_terms(CREDENTIAL, LONG).await;
    for _ in 0..3 {
        ask().await.unwrap();
    }
    assert_eq!(ask().await.unwrap_err().status(), Some(400));
    let received = web.received();
    let request = &received[0];
    assert_eq!(request.uri, "/rest/auth/set-tos-accepted");
    assert_eq!(&request.body[..], br#"{"tosVersion":5}"#);
    let older = clients(&web, &web, Protocol::February);
    older.accept_product_terms(CREDENTIAL, LONG).await.unwrap();
    assert_eq!(web.received().len(), 4, "not in the older form");
}

#[tokio::test]
async fn a_birth_date_is_sent_as_given_and_a_settled_one_is_no_failure() {
    let locked = r#"{"message":"no [WKE=account:birth-date-change-limit-reached]"}"#;
    let replies = [
        Reply::new(200, "{}"),
        Reply::new(204, ""),
        Reply::new(429, locked),
        Reply::new(429, "{}"),
        Reply::new(400, locked),
    ];
    let web = Fake::start(replies).await;
    let client = clients(&web, &web, Protocol::Auto);
    let ask = async || client.set_birth_date(CREDENTIAL, "1990-02-28", LONG).await;
    let told = [ask().await, ask().await, ask().await];
    assert_eq!(
        told,
        [BirthDate::Set, BirthDate::Set, BirthDate::Locked].map(Ok)
    );
    assert_eq!(ask().await.unwrap_err().class(), Class::RateLimited);
    assert_eq!(ask().await.unwrap_err().class(), Class::Fatal);
    let received = web.received();
    assert_eq!(received[0].uri, "/rest/auth/set-birth-date");
    let body = br#"{"birthDate":"1990-02-28T16:00:00.000Z"}"#;
    assert_eq!(&received[0].body[..], body);
    assert_eq!(received[0].header("referer"), Some(web.url.as_str()));
}

#[tokio::test]
async fn a_setting_that_is_not_answered_ends_in_time() {
    let hang = || {
        let never = Step::Wait(Arc::new(Notify::new()));
        Reply::steps(vec![Step::Send(Bytes::from_static(&[0])), never])
    };
    let web = Fake::start([hang()]).await;
    let client = clients(&web, &web, Protocol::Auto);
    let short = Duration::from_millis(50);
    let told = client.show_adult_content(CREDENTIAL, short).await;
    assert_eq!(told, Err(UpstreamError::Timeout));
}
