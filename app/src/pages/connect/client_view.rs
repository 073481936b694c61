//! The clients, and what each is configured with.

use super::{
    address::{is_loopback, is_public_https},
    clients::{Block, Client, FieldValue, Need, Place},
    state::Setup,
};
use crate::{
    components::{CodeBlock, CodeField, Icon, IconName, Notice, Tone},
    i18n::{Text, t, text::connect as text, use_language},
};
use leptos::prelude::*;

/// Clients that stand together, each folded away. The browser unfolds them, also without our code.
#[component]
pub(super) fn GroupView(title: Text, clients: &'static [Client], setup: Setup) -> impl IntoView {
    view! {
        <section class="connect__group">
            <h2 class="connect__heading">{t(title)}</h2>
            <div class="card connect__clients">
                {clients
                    .iter()
                    .map(|client| view! { <ClientView client setup /> })
                    .collect_view()}
            </div>
        </section>
    }
}

/// How one client is configured.
#[component]
fn ClientView(client: &'static Client, setup: Setup) -> impl IntoView {
    view! {
        <details class="connect-client" id=client.id>
            <summary class="connect-client__name">
                <h3>{client.name}</h3>
                <Icon name=IconName::ChevronDown />
            </summary>
            <div class="connect-client__body">
                <p class="connect__about">{t(client.lead)}</p>
                <Warning client setup />
                {client
                    .blocks
                    .iter()
                    .map(|block| view! { <BlockView client block setup /> })
                    .collect_view()}
                {(!client.notes.is_empty())
                    .then(|| {
                        view! {
                            <ul class="connect__notes">
                                {client
                                    .notes
                                    .iter()
                                    .map(|note| view! { <li>{t(*note)}</li> })
                                    .collect_view()}
                            </ul>
                        }
                    })}
            </div>
        </details>
    }
}

/// That the address does not do for this client.
#[component]
fn Warning(client: &'static Client, setup: Setup) -> impl IntoView {
    let said = move || {
        setup.base.with(|base| match client.needs {
            Need::PublicHttps if !is_public_https(base) => Some(text::NEEDS_PUBLIC),
            Need::NoLoopback if is_loopback(base) => Some(text::NEEDS_NO_LOOPBACK),
            _ => None,
        })
    };
    move || said().map(|said| view! { <Notice tone=Tone::Warning>{t(said)}</Notice> })
}

#[component]
fn BlockView(client: &'static Client, block: &'static Block, setup: Setup) -> impl IntoView {
    let language = use_language();
    match *block {
        Block::Code { place, snippet } => {
            let title = move || match place {
                Place::File(name) => name,
                Place::Said(text) => text.get(language.get()),
            };
            // Copy buttons are told apart by what they copy.
            let label = move || format!("{}: {}", client.name, title());
            let code = Signal::derive(move || snippet.render(&setup.values()));
            view! { <CodeBlock title label code /> }.into_any()
        }
        Block::Fields(fields) => {
            let row = move |(label, value): &(_, FieldValue)| {
                let value = *value;
                let shown = Signal::derive(move || {
                    let values = setup.values();
                    match value {
                        FieldValue::BaseUrl => values.base_url(),
                        FieldValue::ContainerBaseUrl => values.container_base_url(),
                        FieldValue::Key => values.key,
                        FieldValue::Model => values.model,
                    }
                });
                view! { <CodeField label=t(*label) value=shown /> }
            };
            view! { <dl class="connect-fields">{fields.iter().map(row).collect_view()}</dl> }
                .into_any()
        }
    }
}
