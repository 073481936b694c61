//! Ports: what pages need from the server. `server` implements them, server functions call them.

use crate::{
    dto::{
        AccountChoice, AccountDetail, AccountEdit, AccountList, AccountQuery, AccountSwitch,
        AssetAccounts, AssetWork, Connection, DeletedAccounts, DeletedMedia, FoundMediaPage,
        ImportPreview, JobItems, JobKind, JobStart, JobView, MediaFilter, MediaKind, MediaOverview,
        MediaPage, ModelOption, PictureOptions, Tier, VideoPage, Viewer,
    },
    error::UiError,
};
use async_trait::async_trait;
use http::request::Parts;
use std::sync::Arc;

/// Id of a request, in its extensions: what the log has of it is found by it.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// Proof that the caller is the operator. Only an [`AuthService`] should make one.
#[derive(Clone, Debug)]
pub struct AdminProof(());

impl AdminProof {
    /// To be called right after the session was checked, and nowhere else.
    #[must_use]
    pub fn checked() -> Self {
        Self(())
    }
}

/// Proof that the caller may use the public pages.
#[derive(Clone, Debug)]
pub struct PublicProof(());

impl PublicProof {
    /// To be called right after the session or public mode was checked, and nowhere else.
    #[must_use]
    pub fn checked() -> Self {
        Self(())
    }
}

/// Proof that the caller may use the public pages, and which browser it is.
#[derive(Clone, Debug)]
pub struct Visitor {
    owner: String,
}

impl Visitor {
    /// To be called right after the session or public mode was checked, and nowhere else.
    #[must_use]
    pub fn checked(owner: String) -> Self {
        Self { owner }
    }

    /// The browser as the owner of what is generated in it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

/// Which sign-in form was used. The visitors' one takes the public key and the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Operator,
    Visitors,
}

impl Door {
    /// The form that leads to this path.
    #[must_use]
    pub fn to(path: &str) -> Self {
        if path == "/admin" || path.starts_with("/admin/") {
            Self::Operator
        } else {
            Self::Visitors
        }
    }
}

/// Sessions and passwords. `parts` are those of the current HTTP request.
#[async_trait]
pub trait AuthService: Send + Sync {
    /// Who looks at a page; [`UiError::Unavailable`] while nobody can tell.
    async fn viewer(&self, parts: &Parts) -> Result<Viewer, UiError>;
    /// Where the operator wants the pages to be opened, if it is an https address; else empty.
    fn https_url(&self) -> String;
    /// Checks the session and that the request is same-origin.
    async fn require_admin(&self, parts: &Parts) -> Result<AdminProof, UiError>;
    /// Checks the operator's password as programs send it, slowed down like signing in.
    async fn require_admin_key(&self, parts: &Parts, key: String) -> Result<AdminProof, UiError>;
    async fn require_public(&self, parts: &Parts) -> Result<PublicProof, UiError>;
    /// As [`Self::require_public`]; a browser that has no name yet gets one with the answer.
    async fn require_visitor(&self, parts: &Parts) -> Result<Visitor, UiError>;
    /// Starts a session; the cookie is set by the session layer.
    async fn sign_in(&self, parts: &Parts, door: Door, password: String) -> Result<(), UiError>;
    async fn sign_out(&self, parts: &Parts) -> Result<(), UiError>;
    /// Ends all other sessions. [`UiError::Invalid`] says which rule `new` breaks.
    async fn change_password(
        &self,
        admin: AdminProof,
        parts: &Parts,
        current: String,
        new: String,
    ) -> Result<(), UiError>;
}

/// What admin pages do.
#[async_trait]
pub trait AdminService: Send + Sync {
    async fn list_accounts(
        &self,
        admin: AdminProof,
        query: AccountQuery,
    ) -> Result<AccountList, UiError>;
    /// Says what would become of pasted cookies, one per line, and changes nothing.
    async fn preview_accounts(
        &self,
        admin: AdminProof,
        text: String,
    ) -> Result<ImportPreview, UiError>;
    /// Adds the new ones among the pasted cookies; returns what became of each line.
    async fn add_accounts(
        &self,
        admin: AdminProof,
        text: String,
        tier: Tier,
    ) -> Result<ImportPreview, UiError>;
    /// Lets everybody chat, also without a demo.
    async fn open_to_visitors(&self, admin: AdminProof) -> Result<(), UiError>;
    /// Brings deleted accounts back, whichever instance deleted them.
    async fn restore_accounts(&self, admin: AdminProof, undo_id: String) -> Result<u32, UiError>;
    async fn get_account(&self, admin: AdminProof, id: String) -> Result<AccountDetail, UiError>;
    /// Changes what `edit` names and nothing else; how the account is then.
    async fn edit_account(
        &self,
        admin: AdminProof,
        id: String,
        edit: AccountEdit,
    ) -> Result<AccountDetail, UiError>;
    /// Gives an account another cookie in place of one that is refused.
    async fn replace_cookie(
        &self,
        admin: AdminProof,
        id: String,
        cookie: String,
    ) -> Result<AccountDetail, UiError>;
    /// Switches many accounts at once; returns how many changed.
    async fn switch_accounts(
        &self,
        admin: AdminProof,
        choice: AccountChoice,
        switch: AccountSwitch,
    ) -> Result<u32, UiError>;
    /// Deletes many accounts at once.
    async fn delete_chosen_accounts(
        &self,
        admin: AdminProof,
        choice: AccountChoice,
    ) -> Result<DeletedAccounts, UiError>;
}

/// How the server itself is.
#[async_trait]
pub trait HealthService: Send + Sync {
    /// What keeps it from working as it should, in English sentences, as `/readyz` tells the operator.
    async fn reasons(&self, admin: AdminProof) -> Vec<String>;
}

/// How clients reach the server.
#[async_trait]
pub trait ConnectService: Send + Sync {
    /// What a client has to be told, with the models that pages offer. `parts` are those of the current
    /// HTTP request, which say under which address it came.
    async fn connection(
        &self,
        admin: AdminProof,
        parts: &Parts,
        models: Vec<ModelOption>,
    ) -> Connection;
}

/// Long work over many accounts.
#[async_trait]
pub trait JobService: Send + Sync {
    /// Begins a job over accounts.
    async fn start_job(
        &self,
        admin: AdminProof,
        kind: JobKind,
        choice: AccountChoice,
    ) -> Result<JobStart, UiError>;
    /// Begins a job that adds the accounts of a text, in whatever form they are.
    async fn start_import(
        &self,
        admin: AdminProof,
        text: String,
        tier: Tier,
    ) -> Result<JobStart, UiError>;
    /// Those that are kept, newest first.
    async fn list_jobs(&self, admin: AdminProof) -> Result<Vec<JobView>, UiError>;
    async fn get_job(&self, admin: AdminProof, id: String) -> Result<JobView, UiError>;
    /// A page of a job's targets behind the `after` first ones; those that failed only, if so asked.
    async fn job_items(
        &self,
        admin: AdminProof,
        id: String,
        after: u64,
        only_failed: bool,
    ) -> Result<JobItems, UiError>;
    /// Stops a job within a second. `false`: it is over already.
    async fn cancel_job(&self, admin: AdminProof, id: String) -> Result<bool, UiError>;
    /// A new job over the targets that failed. [`JobStart::Busy`] also while the job itself runs.
    async fn retry_job(&self, admin: AdminProof, id: String) -> Result<JobStart, UiError>;
    /// Goes on with a job that was interrupted or cancelled; [`JobStart::Over`] for one that has ended.
    async fn resume_job(&self, admin: AdminProof, id: String) -> Result<JobStart, UiError>;
}

/// What the operator does with everybody's media, and with accounts' files at Grok.
#[async_trait]
pub trait MediaAdminService: Send + Sync {
    async fn overview(&self, admin: AdminProof) -> Result<MediaOverview, UiError>;
    /// A page of what a filter finds, newest first.
    async fn find(
        &self,
        admin: AdminProof,
        filter: MediaFilter,
        cursor: Option<String>,
    ) -> Result<FoundMediaPage, UiError>;
    /// Deletes these, whoever has them; returns how many there were.
    async fn delete_chosen(&self, admin: AdminProof, ids: Vec<String>) -> Result<u32, UiError>;
    /// Deletes the next batch of what a filter finds; without `until_ms`, of what is there now.
    async fn delete_found(
        &self,
        admin: AdminProof,
        filter: MediaFilter,
        until_ms: Option<i64>,
    ) -> Result<DeletedMedia, UiError>;
    /// A page of the accounts with what is known of their files at Grok.
    async fn list_assets(&self, admin: AdminProof, page: u32) -> Result<AssetAccounts, UiError>;
    /// Begins a run over these accounts; `None`: over all that can be signed in. `false` while
    /// another run is under way.
    async fn start_assets(
        &self,
        admin: AdminProof,
        work: AssetWork,
        ids: Option<Vec<String>>,
    ) -> Result<bool, UiError>;
    async fn stop_assets(&self, admin: AdminProof) -> Result<(), UiError>;
}

/// What public pages do beside their endpoints under `/v1/public`.
#[async_trait]
pub trait PublicService: Send + Sync {
    /// Where browsers open voice rooms: scheme, host and port.
    fn voice_server(&self) -> String;
    async fn list_models(&self, public: PublicProof) -> Result<Vec<ModelOption>, UiError>;
    async fn picture_options(&self, public: PublicProof) -> Result<PictureOptions, UiError>;
    /// Colours one code block: sanitised HTML of `<span class="hl-…">` elements, at most
    /// [`MAX_CODE_BYTES`](crate::limits::MAX_CODE_BYTES) of code.
    async fn highlight(
        &self,
        public: PublicProof,
        language: String,
        code: String,
    ) -> Result<String, UiError>;
    /// A page of what was generated in this browser, newest first.
    async fn list_media(
        &self,
        visitor: Visitor,
        kind: Option<MediaKind>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<MediaPage, UiError>;
    /// Deletes what was generated in this browser; others' stays. Returns how many went.
    async fn delete_media(&self, visitor: Visitor, ids: Vec<String>) -> Result<u32, UiError>;
    /// A page of the videos of this browser, newest first, behind the one called `after`.
    async fn list_videos(
        &self,
        visitor: Visitor,
        after: Option<String>,
        limit: u32,
    ) -> Result<VideoPage, UiError>;
}
