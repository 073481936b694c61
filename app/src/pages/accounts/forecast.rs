//! How long the quota of each tier lasts.

use super::state::Accounts;
use crate::{
    components::LocalTime,
    dto::{Tier, TierForecast},
    i18n::{t, text::accounts, use_language},
    words::group,
};
use leptos::prelude::*;

/// A line for each tier that has accounts.
#[component]
pub(super) fn Forecast(state: Accounts) -> impl IntoView {
    let told = Memo::new(move |_| state.list.with(|list| list.forecast.clone()));
    view! {
        <ul class="forecast" aria-label=t(accounts::FORECAST)>
            {move || told.get().into_iter().map(|told| view! { <Told told /> }).collect_view()}
        </ul>
    }
}

#[component]
fn Told(told: TierForecast) -> impl IntoView {
    let language = use_language();
    let name = match told.tier {
        Tier::Basic => accounts::TIER_BASIC,
        Tier::Super => accounts::TIER_SUPER,
        Tier::Heavy => accounts::TIER_HEAVY,
    };
    let (left, used) = (group(told.quota), group(told.used_last_hour));
    let said = move || {
        accounts::ForecastLeft {
            left: &left,
            used: &used,
        }
        .fill(language.get())
    };
    view! {
        <li>
            <strong>{t(name)}</strong>
            " "
            {said}
            {told
                .next_refill_at_ms
                .map(|at_ms| {
                    view! {
                        " · "
                        {t(accounts::FORECAST_REFILL)}
                        " "
                        <LocalTime at_ms />
                    }
                })}
            {told
                .empty_at_ms
                .map(|at_ms| {
                    view! {
                        " · "
                        <span class="forecast__end">
                            {t(accounts::FORECAST_EMPTY)} " " <LocalTime at_ms />
                        </span>
                    }
                })}
        </li>
    }
}
