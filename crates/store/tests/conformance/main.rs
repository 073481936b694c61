//! What every engine must do: one suite over [`Store`].
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod documents;
mod media;
mod media_search;
mod moving;
mod records;
mod replay;
mod requests;
mod settings;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod video_jobs;

use std::sync::Arc;

use store::Store;
use tempfile::TempDir;
use test_support::databases::{Engine, Server};

/// Where an empty store lies.
struct Place {
    url: String,
    folder: TempDir,
}

impl Place {
    fn new(url: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url, folder }
    }

    async fn open(&self) -> Arc<dyn Store> {
        support::open(&self.url, self.folder.path()).await
    }
}

#[tokio::test]
async fn sqlite_conforms() {
    conforms(|| Place::new(String::new())).await;
}

#[test]
fn sqlite_conforms_to_replay() {
    conforms_to_replay(&Place::new(String::new()));
}

async fn server(engine: Engine) -> Server {
    Server::start(engine).await.unwrap()
}

#[tokio::test]
async fn postgres_conforms() {
    let mut server = server(Engine::Postgres).await;
    conforms(|| Place::new(server.fresh_database().unwrap())).await;
}

#[tokio::test]
async fn postgres_conforms_when_shared() {
    let mut server = server(Engine::Postgres).await;
    conforms_when_shared(|| Place::new(server.fresh_database().unwrap())).await;
}

#[test]
fn postgres_conforms_to_replay() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut server = runtime.block_on(server(Engine::Postgres));
    conforms_to_replay(&Place::new(server.fresh_database().unwrap()));
}

#[tokio::test]
async fn mysql_conforms() {
    let mut server = server(Engine::MariaDb).await;
    conforms(|| Place::new(server.fresh_database().unwrap())).await;
}

#[tokio::test]
async fn mysql_conforms_when_shared() {
    let mut server = server(Engine::MariaDb).await;
    conforms_when_shared(|| Place::new(server.fresh_database().unwrap())).await;
}

#[test]
fn mysql_conforms_to_replay() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut server = runtime.block_on(server(Engine::MariaDb));
    conforms_to_replay(&Place::new(server.fresh_database().unwrap()));
}

#[tokio::test]
async fn redis_conforms() {
    let mut server = server(Engine::Redis).await;
    conforms(|| Place::new(server.fresh_database().unwrap())).await;
}

#[tokio::test]
async fn redis_conforms_when_shared() {
    let mut server = server(Engine::Redis).await;
    conforms_when_shared(|| Place::new(server.fresh_database().unwrap())).await;
}

#[test]
fn redis_conforms_to_replay() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut server = runtime.block_on(server(Engine::Redis));
    conforms_to_replay(&Place::new(server.fresh_database().unwrap()));
}

/// There and back through every engine.
#[tokio::test]
async fn everything_moves_around_all_engines() {
    let mut servers = Vec::new();
    let mut places = vec![Place::new(String::new())];
    for engine in [Engine::Postgres, Engine::Redis, Engine::MariaDb] {
        let mut server = Server::start(engine).await.unwrap();
        places.push(Place::new(server.fresh_database().unwrap()));
        servers.push(server);
    }
    places.push(Place::new(String::new()));
    let mut stores = Vec::new();
    for place in &places {
        stores.push(place.open().await);
    }
    moving::everything_moves_around_and_ends_where_it_began(stores).await;
}

fn conforms_to_replay(place: &Place) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(place.open());
    replay::changes_in_the_store_end_where_replay_ends(&runtime, &store);
    runtime.block_on(store.close());
}

/// Every fact gets a fresh, empty store.
async fn conforms(mut place: impl FnMut() -> Place) {
    let mut places = Vec::new();
    let mut fresh = async || {
        let place = place();
        let store = place.open().await;
        places.push(place);
        store
    };
    accounts::accounts_read_back_as_written(fresh().await).await;
    accounts::some_accounts_are_read_by_their_ids(fresh().await).await;
    accounts::known_accounts_are_skipped(fresh().await).await;
    accounts::every_change_is_applied(fresh().await).await;
    accounts::a_credential_is_replaced_unless_another_account_has_it(fresh().await).await;
    accounts::deleted_accounts_are_gone_and_changes_of_them_have_no_effect(fresh().await).await;

    records::a_refused_record_fails_alone(fresh().await).await;
    records::concurrent_use_adds_up(fresh().await).await;
    records::a_submitted_record_needs_nobody_who_waits(fresh().await).await;
    records::a_closed_store_refuses_everything(fresh().await).await;

    requests::requests_read_back_as_written(fresh().await).await;
    requests::requests_are_listed_by_what_is_asked(fresh().await).await;
    requests::long_texts_of_strangers_are_cut(fresh().await).await;
    requests::requests_are_summed_by_minute_hour_and_day(fresh().await).await;
    requests::old_requests_are_removed_by_age_number_and_size(fresh().await).await;
    requests::one_call_removes_a_bounded_number_of_rows(fresh().await).await;
    requests::old_sums_are_removed_by_span(fresh().await).await;

    media::rows_read_back_newest_first_page_by_page(fresh().await).await;
    media::rows_go_with_their_file(fresh().await).await;
    media::a_first_picture_is_used_until_nothing_has_it(fresh().await).await;
    media::files_are_told_once_and_the_oldest_by_their_newest_row(fresh().await).await;
    media::an_owner_lists_and_deletes_its_own_rows_only(fresh().await).await;

    media_search::media_are_found_by_kind_owner_account_and_text(fresh().await).await;
    media_search::found_media_are_read_page_by_page(fresh().await).await;
    media_search::sums_count_a_shared_file_once(fresh().await).await;
    media_search::browsers_are_one_owner_in_the_list(fresh().await).await;

    video_jobs::jobs_read_back_as_they_were_changed(fresh().await).await;
    video_jobs::jobs_of_one_owner_are_listed_page_by_page_both_ways(fresh().await).await;
    video_jobs::expired_jobs_go_and_deleted_ones_do_not_come_back(fresh().await).await;
    video_jobs::a_page_of_jobs_ends_by_its_bytes(fresh().await).await;
    video_jobs::a_page_tells_whether_another_one_follows(fresh().await).await;
    video_jobs::an_owner_has_no_more_jobs_than_may_be_kept(fresh().await).await;
    video_jobs::a_sweep_leaves_few_jobs_that_made_no_video(fresh().await).await;

    documents::documents_read_back_as_last_written(fresh().await).await;
    documents::a_change_of_an_older_revision_or_a_removed_document_is_refused(fresh().await).await;
    documents::of_changes_at_once_one_is_made(fresh().await).await;
    documents::documents_that_are_put_at_once_are_all_there(fresh().await).await;
    documents::the_oldest_documents_are_told_with_their_size(fresh().await).await;
    documents::documents_up_to_a_place_are_deleted(fresh().await).await;
    documents::of_deletions_at_once_each_knows_what_it_did(fresh().await).await;
    documents::documents_of_a_group_are_listed_page_by_page(fresh().await).await;
    documents::documents_go_one_by_one_by_group_and_by_time(fresh().await).await;
    documents::a_document_is_bounded(fresh().await).await;

    tables::whole_tables_are_copied_and_cleared(fresh().await).await;
    tables::rows_and_the_mark_of_a_copy_are_written_together(fresh().await).await;

    moving::a_move_goes_on_where_it_stopped([fresh().await, fresh().await]).await;
    moving::a_source_that_was_in_use_is_noticed([fresh().await, fresh().await]).await;
    moving::a_backup_restores_everything([fresh().await, fresh().await]).await;
    moving::a_backup_with_the_master_key_needs_it(fresh().await).await;

    settings::settings_keep_the_last_value(fresh().await).await;
    settings::sessions_live_until_they_end(fresh().await).await;
    settings::an_ended_session_does_not_come_back(fresh().await).await;
    settings::a_lock_has_one_holder_until_it_is_freed_or_over(fresh().await).await;
    settings::own_changes_are_not_in_the_feed(fresh().await).await;
}

/// What holds between two instances on one database. Every fact gets a fresh, empty one.
async fn conforms_when_shared(mut place: impl FnMut() -> Place) {
    let mut places = Vec::new();
    let mut fresh = async || {
        let place = place();
        let both = [place.open().await, place.open().await];
        places.push(place);
        both
    };
    shared::what_one_writes_the_other_reads(fresh().await).await;
    shared::changes_of_others_are_in_the_feed(fresh().await).await;
    shared::use_by_both_adds_up_and_never_goes_below_zero(fresh().await).await;
    shared::a_lock_has_one_holder_among_all_instances(fresh().await).await;
    shared::a_session_ended_by_one_is_over_for_the_other(fresh().await).await;
    shared::a_cooldown_that_both_end_refills_once(fresh().await).await;
    shared::the_same_sums_are_added_to_by_both(fresh().await).await;
}
