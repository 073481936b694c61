//! The real pages, rendered over services that only count.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef,
};
use grok2api_app::{
    App,
    dto::{
        AccountChoice, AccountCounts, AccountDetail, AccountEdit, AccountList, AccountQuery,
        AccountRow, AccountStatus, AccountSwitch, Condition, Connection, Cooldown, CooldownReason,
        DeletedAccounts, ImportPreview, MediaKind, MediaPage, ModelOption, PictureOptions, Tier,
        VideoPage, Viewer,
    },
    error::{Field, PasswordRule, UiError},
    service::{
        AdminProof, AdminService, AuthService, ConnectService, Door, HealthService, PublicProof,
        PublicService, Visitor,
    },
    shell,
};
use http::{Request, StatusCode, request::Parts};
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tower::ServiceExt;

/// Lets everybody do everything, but for changing the password.
struct Open;

#[async_trait]
impl AuthService for Open {
    fn https_url(&self) -> String {
        String::new()
    }

    async fn viewer(&self, _: &Parts) -> Result<Viewer, UiError> {
        Ok(Viewer {
            is_admin: true,
            may_chat: true,
            ..Viewer::default()
        })
    }

    async fn require_admin(&self, _: &Parts) -> Result<AdminProof, UiError> {
        Ok(AdminProof::checked())
    }

    async fn require_public(&self, _: &Parts) -> Result<PublicProof, UiError> {
        Ok(PublicProof::checked())
    }

    async fn require_visitor(&self, _: &Parts) -> Result<Visitor, UiError> {
        Ok(Visitor::checked("visitor:0".into()))
    }

    async fn require_admin_key(&self, _: &Parts, _: String) -> Result<AdminProof, UiError> {
        Err(UiError::SignInRequired)
    }

    async fn sign_in(&self, _: &Parts, _: Door, _: String) -> Result<(), UiError> {
        Ok(())
    }

    async fn sign_out(&self, _: &Parts) -> Result<(), UiError> {
        Ok(())
    }

    async fn change_password(
        &self,
        _: AdminProof,
        _: &Parts,
        _: String,
        _: String,
    ) -> Result<(), UiError> {
        Err(UiError::Invalid {
            field: Field::NewPassword,
            rule: PasswordRule::IsDefault.into(),
        })
    }
}

/// A server with one trouble.
struct Troubled;

#[async_trait]
impl HealthService for Troubled {
    async fn reasons(&self, _: AdminProof) -> Vec<String> {
        vec!["store: it does not answer".to_owned()]
    }
}

/// An API with a key, at an address that is configured.
struct Keyed;

#[async_trait]
impl ConnectService for Keyed {
    async fn connection(&self, _: AdminProof, _: &Parts, models: Vec<ModelOption>) -> Connection {
        Connection {
            base: "https://grok.example".to_owned(),
            is_configured: true,
            models,
            ..Connection::default()
        }
    }
}

/// One account; counts how often the list was asked for.
#[derive(Default)]
struct Accounts {
    lists: AtomicU32,
}

#[async_trait]
impl AdminService for Accounts {
    async fn list_accounts(&self, _: AdminProof, _: AccountQuery) -> Result<AccountList, UiError> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        let row = AccountRow {
            id: "one".into(),
            masked: "…0001".into(),
            tier: Tier::Heavy,
            status: AccountStatus::Cooling,
            condition: Condition::Cooling,
            quota: 0,
            quota_limit: 150,
            cooldown: Some(Cooldown {
                until_ms: 1,
                reason: CooldownReason::QuotaEmpty,
            }),
            last_used_at_ms: None,
            created_at_ms: 0,
            use_count: 1_234,
            fail_count: 0,
            last_fail_at_ms: None,
            last_fail_reason: None,
            last_sync_at_ms: None,
            last_check: None,
            in_flight: 0,
            tags: Vec::new(),
            note: String::new(),
            is_demo: false,
        };
        Ok(AccountList {
            rows: vec![row],
            matched: 1,
            counts: AccountCounts {
                total: 1,
                cooling: 1,
                ..AccountCounts::default()
            },
            found: AccountCounts::default(),
            tags: Vec::new(),
            forecast: Vec::new(),
            troubles: Vec::new(),
        })
    }

    async fn preview_accounts(&self, _: AdminProof, _: String) -> Result<ImportPreview, UiError> {
        Err(UiError::Unavailable)
    }

    async fn add_accounts(
        &self,
        _: AdminProof,
        _: String,
        _: Tier,
    ) -> Result<ImportPreview, UiError> {
        Err(UiError::Unavailable)
    }

    async fn open_to_visitors(&self, _: AdminProof) -> Result<(), UiError> {
        Err(UiError::Unavailable)
    }

    async fn restore_accounts(&self, _: AdminProof, _: String) -> Result<u32, UiError> {
        Err(UiError::NotFound)
    }

    async fn get_account(&self, _: AdminProof, _: String) -> Result<AccountDetail, UiError> {
        Err(UiError::NotFound)
    }

    async fn edit_account(
        &self,
        _: AdminProof,
        _: String,
        _: AccountEdit,
    ) -> Result<AccountDetail, UiError> {
        Err(UiError::NotFound)
    }

    async fn replace_cookie(
        &self,
        _: AdminProof,
        _: String,
        _: String,
    ) -> Result<AccountDetail, UiError> {
        Err(UiError::NotFound)
    }

    async fn switch_accounts(
        &self,
        _: AdminProof,
        _: AccountChoice,
        _: AccountSwitch,
    ) -> Result<u32, UiError> {
        Err(UiError::Unavailable)
    }

    async fn delete_chosen_accounts(
        &self,
        _: AdminProof,
        _: AccountChoice,
    ) -> Result<DeletedAccounts, UiError> {
        Err(UiError::Unavailable)
    }
}

/// Two models, the first one out of reach; counts how often the list was asked for.
#[derive(Default)]
struct Models {
    lists: AtomicU32,
}

#[async_trait]
impl PublicService for Models {
    fn voice_server(&self) -> String {
        "wss://rooms.example".to_owned()
    }

    async fn list_models(&self, _: PublicProof) -> Result<Vec<ModelOption>, UiError> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        let model = |id: &str, tier, is_served| ModelOption {
            id: id.into(),
            cost: 1,
            tier,
            is_served,
        };
        Ok(vec![
            model("far-away", Tier::Heavy, false),
            model("close-by", Tier::Basic, true),
        ])
    }

    async fn picture_options(&self, _: PublicProof) -> Result<PictureOptions, UiError> {
        Ok(PictureOptions::default())
    }

    async fn highlight(&self, _: PublicProof, _: String, _: String) -> Result<String, UiError> {
        Err(UiError::Unavailable)
    }

    async fn list_media(
        &self,
        _: Visitor,
        _: Option<MediaKind>,
        _: Option<String>,
        _: u32,
    ) -> Result<MediaPage, UiError> {
        Ok(MediaPage::default())
    }

    async fn delete_media(&self, _: Visitor, _: Vec<String>) -> Result<u32, UiError> {
        Err(UiError::Unavailable)
    }

    async fn list_videos(
        &self,
        _: Visitor,
        _: Option<String>,
        _: u32,
    ) -> Result<VideoPage, UiError> {
        Err(UiError::Unavailable)
    }
}

#[derive(Clone, FromRef)]
struct Site {
    options: LeptosOptions,
}

/// What the server sends, and the services that it asked.
struct Answer {
    status: StatusCode,
    html: String,
    location: String,
    accounts: Arc<Accounts>,
    models: Arc<Models>,
}

async fn send(request: Request<Body>) -> Answer {
    let (accounts, models) = (Arc::new(Accounts::default()), Arc::new(Models::default()));
    let context = {
        let (accounts, models) = (Arc::clone(&accounts), Arc::clone(&models));
        move || {
            provide_context::<Arc<dyn AuthService>>(Arc::new(Open));
            provide_context::<Arc<dyn HealthService>>(Arc::new(Troubled));
            provide_context::<Arc<dyn ConnectService>>(Arc::new(Keyed));
            provide_context::<Arc<dyn AdminService>>(accounts.clone());
            provide_context::<Arc<dyn PublicService>>(models.clone());
        }
    };
    let options = LeptosOptions::builder().output_name("grok2api").build();
    let site = Site {
        options: options.clone(),
    };
    let router: Router = Router::new()
        .leptos_routes_with_context(&site, generate_route_list(App), context, move || {
            shell(options.clone())
        })
        .with_state(site);
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(http::header::LOCATION);
    let location = location
        .map_or("", |path| path.to_str().unwrap())
        .to_owned();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        html: String::from_utf8(body.into()).unwrap(),
        location,
        accounts,
        models,
    }
}

async fn visit(path: &str, language: &str) -> Answer {
    let request = Request::get(path).header("accept-language", language);
    let answer = send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer
}

#[tokio::test]
async fn the_accounts_page_asks_once_for_the_accounts() {
    let page = visit("/admin/accounts", "en").await;
    for text in [
        "…0001",
        "Heavy",
        "Quota used up",
        "1,234",
        "store: it does not answer",
    ] {
        assert!(page.html.contains(text), "{text} in {}", page.html);
    }
    assert_eq!(page.accounts.lists.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_password_page_asks_for_no_accounts() {
    let page = visit("/admin/password", "en").await;
    assert!(
        page.html.contains("At least 10 characters."),
        "{}",
        page.html
    );
    assert_eq!(page.accounts.lists.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn clients_are_configured_before_our_code_has_loaded() {
    let page = visit("/admin/connect", "en").await;
    for text in [
        r#"base_url = "https://grok.example/v1""#,
        "export ANTHROPIC_BASE_URL=https://grok.example\n",
        r#"model = "close-by""#,
        "far-away (no account for it)",
        "YOUR_API_KEY",
        "switched off here",
    ] {
        assert!(page.html.contains(text), "{text} in {}", page.html);
    }
    assert_eq!(page.models.lists.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_chat_page_is_complete_before_our_code_has_loaded() {
    let page = visit("/", "en").await;
    for text in ["What can I help with?", "Model: close-by", "Chat settings"] {
        assert!(page.html.contains(text), "{text} in {}", page.html);
    }
    assert_eq!(page.models.lists.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_page_comes_in_the_language_of_the_visitor() {
    let page = visit("/admin/password", "zh-CN,zh;q=0.9").await;
    assert!(page.html.contains(r#"lang="zh-CN""#), "{}", page.html);
    assert!(page.html.contains("至少 10 个字符。"), "{}", page.html);
}

/// A form sent without our code is answered by its page, which reads the failure from its address.
#[tokio::test]
async fn a_refused_password_says_why_beside_its_field() {
    let form = "current=a&new=grok2api&repeated=grok2api";
    let request = Request::post("/api/change_password")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("referer", "http://localhost/admin/password")
        .body(Body::from(form))
        .unwrap();
    let answer = send(request).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let page = visit(answer.location.trim_start_matches("http://localhost"), "en").await;
    let said = "This was the default password of earlier versions";
    let at = page.html.find(said);
    let field = page.html.find(r#"id="new-error""#);
    let next = page.html.find(r#"id="repeated""#);
    assert!(field < at && at < next, "{}", page.html);
}
