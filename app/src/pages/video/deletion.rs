//! Deleting a video, once it was asked whether to.

use super::{failure::describe, library::Library, request};
use crate::{
    browser::completion::Failure,
    components::{Button, ButtonVariant, Dialog, FailureBox, use_toaster},
    dom,
    dto::VideoItem,
    i18n::{
        t,
        text::{common, making, video as text},
        use_language,
    },
    pages::making::PROMPT_ID,
    session::use_viewer,
};
use leptos::{prelude::*, task::spawn_local};
use std::sync::Arc;

/// What is to be deleted.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    library: Library,
    open: RwSignal<bool>,
    video: RwSignal<Option<Arc<VideoItem>>>,
    is_deleting: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
}

impl Deletion {
    pub(super) fn new(library: Library) -> Self {
        Self {
            library,
            open: RwSignal::new(false),
            video: RwSignal::new(None),
            is_deleting: RwSignal::new(false),
            failure: RwSignal::new(None),
        }
    }

    pub(super) fn ask(self, video: Arc<VideoItem>) {
        self.video.set(Some(video));
        self.failure.set(None);
        self.open.set(true);
    }
}

/// Asks whether to delete.
#[component]
pub(super) fn DeletionDialog() -> impl IntoView {
    let deletion: Deletion = expect_context();
    let (toaster, language, viewer) = (use_toaster(), use_language(), use_viewer());
    let delete = move |_| {
        let Some(video) = deletion.video.get_untracked() else {
            return;
        };
        deletion.is_deleting.set(true);
        spawn_local(async move {
            match request::delete(&video.id).await {
                Ok(()) => {
                    deletion.library.forget(&video.id);
                    let _ = deletion.open.try_set(false);
                    toaster.success(text::DELETED.get(language.get_untracked()));
                    dom::catch_focus(PROMPT_ID);
                    deletion.library.refresh().await;
                }
                Err(failure) => _ = deletion.failure.try_set(Some(failure)),
            }
            let _ = deletion.is_deleting.try_set(false);
        });
    };
    let failed = move || {
        deletion.failure.get().map(|failure| {
            let request_id = failure.request_id.clone();
            let text = describe(&failure, viewer.is_admin);
            view! {
                <FailureBox headline=t(text) request_id>
                    ()
                </FailureBox>
            }
        })
    };
    view! {
        <Dialog open=deletion.open title=t(text::DELETE_TITLE)>
            <p>{t(text::DELETE_TEXT)}</p>
            {failed}
            <div class="modal__foot">
                <Button on:click=move |_| deletion.open.set(false)>{t(common::CANCEL)}</Button>
                <Button
                    variant=ButtonVariant::Danger
                    loading=deletion.is_deleting
                    on:click=delete
                >
                    {t(making::DELETE)}
                </Button>
            </div>
        </Dialog>
    }
}
