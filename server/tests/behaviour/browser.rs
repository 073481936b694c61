//! A browser as far as signing in goes: it keeps cookies and says where its pages come from.

use std::{collections::BTreeMap, path::Path, sync::Mutex};

use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use test_support::{Gateway, Launch};

use crate::support::BINARY;

/// A gateway without accounts; nothing is asked of an upstream.
pub(crate) async fn start(data_dir: &Path, env: &[(&str, &str)]) -> Gateway {
    let launch = Launch::new(BINARY, data_dir);
    let launch = env
        .iter()
        .fold(launch, |launch, (name, value)| launch.env(name, value));
    launch.start().await.unwrap()
}

/// Keeps the cookies of one gateway; asks from an address of its choice where proxies are trusted.
pub(crate) struct Browser {
    url: String,
    pub(crate) client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
    address: Option<String>,
}

/// What a call of a page got.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl Said {
    pub(crate) fn kind(&self) -> &str {
        self.json["kind"].as_str().unwrap_or_default()
    }

    /// Checks that the attempt was refused with the time to wait.
    pub(crate) fn assert_must_wait(&self) {
        assert_eq!((self.status, self.kind()), (429, "too_many_attempts"));
        assert!(self.json["retry_secs"].as_u64().unwrap() >= 1, "{self:?}");
    }
}

impl Browser {
    pub(crate) fn new(gateway: &Gateway) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            url: gateway.url(),
            client: client.build().unwrap(),
            cookies: Mutex::default(),
            address: None,
        }
    }

    /// One without cookies. To make the first takes longer than to judge a guess.
    pub(crate) fn another(&self) -> Self {
        Self {
            url: self.url.clone(),
            client: self.client.clone(),
            cookies: Mutex::default(),
            address: None,
        }
    }

    /// As a trusted proxy reports it.
    pub(crate) fn at(mut self, address: impl ToString) -> Self {
        self.address = Some(address.to_string());
        self
    }

    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Puts a cookie into the jar, or takes it out.
    pub(crate) fn set_cookie(&self, name: &str, value: Option<String>) {
        let mut cookies = self.cookies.lock().unwrap();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value),
            None => cookies.remove(name),
        };
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// What a script of a page of ours sends.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = request
            .header(ORIGIN, &self.url)
            .header("sec-fetch-site", "same-origin");
        self.dress(request)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url));
        self.dress(request).send().await.unwrap()
    }

    fn dress(&self, request: RequestBuilder) -> RequestBuilder {
        let cookies = self.cookies();
        let pairs: Vec<_> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = match &self.address {
            Some(address) => request.header("x-forwarded-for", address),
            None => request,
        };
        if pairs.is_empty() {
            return request;
        }
        request.header(COOKIE, pairs.join("; "))
    }

    /// Keeps what the answer sets.
    pub(crate) fn keep(&self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let is_removed = value.is_empty() || cookie.contains("Max-Age=0");
            self.set_cookie(name, (!is_removed).then(|| value.to_owned()));
        }
    }

    /// Sends a form as our own code does.
    pub(crate) async fn form(&self, path: &str, body: String) -> Said {
        let request = self.post(path);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = request.body(body).send().await.unwrap();
        self.keep(&response);
        let status = response.status().as_u16();
        let json = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
        Said { status, json }
    }

    async fn sign_in_to(&self, next: &str, password: &str) -> Said {
        let password = password.replace(' ', "+");
        self.form("/api/sign_in", format!("password={password}&next={next}"))
            .await
    }

    /// At the operator's form.
    pub(crate) async fn sign_in(&self, password: &str) -> Said {
        self.sign_in_to("/admin/accounts", password).await
    }

    /// At the visitors' form.
    pub(crate) async fn visit(&self, key: &str) -> Said {
        self.sign_in_to("/", key).await
    }

    /// A call of a page, as JSON.
    pub(crate) async fn call(&self, function: &str, input: &Value) -> Said {
        let request = self.post(&format!("/api/{function}")).json(input);
        let response = request.send().await.unwrap();
        self.keep(&response);
        let status = response.status().as_u16();
        let json = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
        Said { status, json }
    }

    /// What the server takes this browser for.
    pub(crate) async fn viewer(&self) -> Value {
        let said = self.call("get_viewer", &serde_json::json!({})).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.json
    }

    pub(crate) async fn is_admin(&self) -> bool {
        self.viewer().await["is_admin"] == true
    }
}
