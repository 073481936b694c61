//! Whether `app.app_url` leads to this server.
//!
//! Nothing is said unless three things come together: a browser with a session of ours has used another
//! address since the start, none has used that one, and a request there was not answered by this
//! server. A tunnel, a proxy that changes names, or a network that cannot reach itself alone is none
//! of the operator's business.

use std::{fmt, sync::Arc, time::Duration};

use anyhow::Context;
use http::StatusCode;
use parking_lot::Mutex;
use store::{DerivedKey, MasterKey};
use url::Url;
use uuid::Uuid;

const PURPOSE: &str = "grok2api own address 1";
/// Header of an answer that proves who gave it.
pub const PROOF: &str = "x-grok2api-proof";
const TIMEOUT: Duration = Duration::from_secs(5);

/// In a request: the address under which a browser has opened a page, whoever sits there.
#[derive(Clone, Debug)]
pub struct OpenedAt(pub String);

/// What is known of `app.app_url`. Cheap to clone.
#[derive(Clone)]
pub struct Reached(Arc<Inner>);

struct Inner {
    /// As at the start; empty = every address is right.
    app_url: String,
    key: DerivedKey,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unknown,
    /// Browsers come under this other address.
    Elsewhere(String),
    /// And the configured one does not lead here.
    Wrong(Trouble),
    Right,
}

/// How `app.app_url` is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub app_url: String,
    /// Under which browsers come instead.
    pub address: String,
    /// What another server answered there; `None`: nobody did.
    pub status: Option<StatusCode>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            app_url, address, ..
        } = self;
        write!(
            formatter,
            "app.app_url is {app_url}, but browsers open {address}, and a request to {app_url} "
        )?;
        match self.status {
            None => formatter.write_str("is not answered")?,
            Some(StatusCode::OK) => formatter.write_str("is answered by another server")?,
            Some(status) => {
                write!(
                    formatter,
                    "is answered by another server ({})",
                    status.as_u16()
                )?;
            }
        }
        formatter
            .write_str(": links to generated files lead there. Set it to the address that is used")
    }
}

/// What a try of `app.app_url` met.
enum Met {
    ThisServer,
    Another(StatusCode),
    Nobody,
}

impl Reached {
    #[must_use]
    pub fn new(app_url: &str, key: &MasterKey) -> Self {
        Self(Arc::new(Inner {
            app_url: app_url.trim_end_matches('/').to_owned(),
            key: key.derive(PURPOSE),
            state: Mutex::default(),
        }))
    }

    /// Whether it matters under which address browsers come.
    #[must_use]
    pub fn wants_addresses(&self) -> bool {
        !self.0.app_url.is_empty() && *self.0.state.lock() != State::Right
    }

    /// Notes the address under which a browser with a session has come.
    pub fn note(&self, address: &str) {
        if !self.wants_addresses() {
            return;
        }
        let mut state = self.0.state.lock();
        if is_same(&self.0.app_url, address) {
            *state = State::Right;
        } else if *state == State::Unknown {
            *state = State::Elsewhere(address.to_owned());
        }
    }

    /// What the operator should know.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match &*self.0.state.lock() {
            State::Wrong(trouble) => Some(trouble.clone()),
            _ => None,
        }
    }

    /// Proves to whoever sent this text that this server has answered.
    #[must_use]
    pub fn proof(&self, text: &str) -> String {
        self.0.key.mac(text)
    }

    /// Tries `app.app_url` if browsers come from elsewhere. Says what was found, in a few words.
    ///
    /// # Errors
    /// No request could be made.
    pub async fn find_out(&self) -> anyhow::Result<&'static str> {
        let State::Elsewhere(address) = self.0.state.lock().clone() else {
            return Ok("nothing to find out");
        };
        let status = match self.try_it().await? {
            Met::ThisServer => {
                *self.0.state.lock() = State::Right;
                return Ok("app.app_url leads here");
            }
            Met::Another(status) => Some(status),
            Met::Nobody => None,
        };
        let trouble = Trouble {
            app_url: self.0.app_url.clone(),
            address,
            status,
        };
        let mut state = self.0.state.lock();
        // A browser may have come meanwhile.
        if matches!(*state, State::Elsewhere(_)) {
            tracing::warn!("{trouble}");
            *state = State::Wrong(trouble);
        }
        Ok("app.app_url does not lead here")
    }

    /// Who answers at `app.app_url`.
    async fn try_it(&self) -> anyhow::Result<Met> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(grok::tls_config()?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .context("making a client")?;
        let text = Uuid::new_v4().simple().to_string();
        let url = format!("{}/healthz?prove={text}", self.0.app_url);
        let Ok(answer) = client.get(url).send().await else {
            return Ok(Met::Nobody);
        };
        let proof = answer.headers().get(PROOF);
        if proof.is_some_and(|proof| proof.as_bytes() == self.proof(&text).as_bytes()) {
            return Ok(Met::ThisServer);
        }
        Ok(Met::Another(answer.status()))
    }
}

/// Whether two addresses are of one host and port. The scheme is compared by whoever signs in: behind
/// a proxy that is not trusted, it is not known here.
fn is_same(app_url: &str, address: &str) -> bool {
    let host = |text: &str| {
        let url = Url::parse(text).ok()?;
        Some((url.host_str()?.to_owned(), url.port()))
    };
    host(app_url).is_some_and(|ours| host(address) == Some(ours))
}

#[cfg(test)]
mod tests {
    use axum::{Router, extract::Query, routing::get};
    use std::collections::HashMap;
    use tokio::task::JoinSet;

    use super::*;

    fn reached(app_url: &str) -> Reached {
        Reached::new(app_url, &MasterKey::from_bytes([1; 32]))
    }

    /// A server that proves itself with this key; its address.
    async fn serve(tasks: &mut JoinSet<()>, key: u8) -> String {
        let this = Reached::new("", &MasterKey::from_bytes([key; 32]));
        let answer = move |Query(query): Query<HashMap<String, String>>| {
            let proof = this.proof(&query["prove"]);
            async move { [(PROOF, proof)] }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/healthz", get(answer));
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn only_an_address_that_nobody_uses_and_that_leads_elsewhere_is_told() {
        let mut tasks = JoinSet::new();
        let other = serve(&mut tasks, 2).await;
        let wrong = reached(&other);
        wrong.note("http://grok.example");
        assert_eq!(wrong.trouble(), None, "not tried yet");
        wrong.find_out().await.unwrap();
        let told = wrong.trouble().unwrap().to_string();
        assert!(told.contains("browsers open http://grok.example"), "{told}");
        assert!(told.contains("is answered by another server:"), "{told}");
        wrong.note(&other);
        assert_eq!(wrong.trouble(), None, "a browser came from there");
    }

    #[tokio::test]
    async fn an_address_that_leads_here_is_right_whatever_else_browsers_use() {
        let mut tasks = JoinSet::new();
        let right = reached(&serve(&mut tasks, 1).await);
        right.note("http://127.0.0.1:8000");
        right.find_out().await.unwrap();
        assert_eq!(right.trouble(), None);
        right.note("http://other.example");
        assert_eq!(right.find_out().await.unwrap(), "nothing to find out");
    }

    #[tokio::test]
    async fn nothing_is_asked_for_while_browsers_use_the_address_or_none_is_set() {
        let used = reached("https://grok.example/");
        used.note("http://grok.example");
        used.note("http://127.0.0.1:8000");
        let unset = reached("");
        unset.note("http://127.0.0.1:8000");
        for reached in [used, unset, reached("https://grok.example")] {
            assert_eq!(reached.find_out().await.unwrap(), "nothing to find out");
            assert_eq!(reached.trouble(), None);
        }
    }

    #[tokio::test]
    async fn an_address_that_nobody_answers_is_told_as_such() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = reached(&format!("http://{}", listener.local_addr().unwrap()));
        drop(listener);
        silent.note("http://127.0.0.1:8000");
        silent.find_out().await.unwrap();
        let told = silent.trouble().unwrap().to_string();
        assert!(told.contains("is not answered:"), "{told}");
    }
}
