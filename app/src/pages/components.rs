//! All components together, in development builds.

use crate::{
    components::{
        Badge, Button, ButtonVariant, Card, Checkbox, Choice, CodeBlock, CodeField, CopyButton,
        Dialog, Drawer, EmptyState, ErrorNotice, Icon, IconButton, IconName, Input, Notice,
        Pagination, QuotaBar, SearchInput, Select, Sheet, Stat, StatusDot, Switch, Tab,
        TableSkeleton, Tabs, Textarea, Tone, Tooltip, use_toaster,
    },
    error::UiError,
};
use leptos::prelude::*;

const TONES: [Tone; 6] = [
    Tone::Neutral,
    Tone::Accent,
    Tone::Success,
    Tone::Warning,
    Tone::Danger,
    Tone::Info,
];

/// The component gallery at `/admin/dev/components`. For developers, hence in English only.
#[component]
pub fn ComponentsPage() -> impl IntoView {
    view! {
        <Buttons />
        <Fields />
        <Display />
        <Overlays />
        <Card>
            <div class="gallery">
                {IconName::ALL
                    .iter()
                    .map(|name| view! { <Icon name=*name size=20 /> })
                    .collect_view()}
            </div>
        </Card>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    view! {
        <Card>
            <div class="gallery">
                <Button variant=ButtonVariant::Primary icon=IconName::Plus>
                    "Primary"
                </Button>
                <Button>"Secondary"</Button>
                <Button variant=ButtonVariant::Ghost>"Ghost"</Button>
                <Button variant=ButtonVariant::Danger icon=IconName::Trash2>
                    "Danger"
                </Button>
                <Button variant=ButtonVariant::Primary loading=true>
                    "Loading"
                </Button>
                <Button disabled=true>"Disabled"</Button>
                <IconButton icon=IconName::RefreshCw label="Refresh" />
                <CopyButton text="copied" />
                <Tooltip id="gallery-tip" text="More about it">
                    <Button>"Tooltip"</Button>
                </Tooltip>
            </div>
        </Card>
    }
}

#[component]
fn Fields() -> impl IntoView {
    let (text, search) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (on, tab) = (RwSignal::new(true), RwSignal::new(0_u8));
    let choice = RwSignal::new("a".to_owned());
    let tabs = vec![
        Tab {
            value: 0,
            label: "All".into(),
            count: Some(Signal::stored(12)),
            hides_empty: false,
        },
        Tab {
            value: 1,
            label: "Some".into(),
            count: None,
            hides_empty: false,
        },
    ];
    view! {
        <Card>
            <div class="form">
                <Input id="gallery-input" label="Input" hint="A hint" value=text />
                <Input
                    id="gallery-bad"
                    label="Input with an error"
                    error=Signal::stored(Some("What is wrong".to_owned()))
                />
                <Textarea id="gallery-area" label="Textarea" value=text rows=3 />
                <SearchInput id="gallery-search" label="Search" value=search />
                <Select
                    id="gallery-select"
                    label="Select"
                    value=choice
                    choices=vec![Choice::new("a", "First"), Choice::new("b", "Second")]
                />
                <Switch label="Switch" checked=on />
                <Checkbox label="Checkbox" checked=on on:change=move |_| on.update(|on| *on = !*on) />
                <Tabs label="Tabs" value=tab tabs />
            </div>
        </Card>
    }
}

#[component]
fn Display() -> impl IntoView {
    let badge = |tone: Tone| {
        view! {
            <StatusDot tone=Signal::stored(tone) />
            <Badge tone>{tone.name()}</Badge>
        }
    };
    view! {
        <Card>
            <div class="gallery">{TONES.map(badge).collect_view()}</div>
            <div class="gallery">
                <QuotaBar label="Fine" left=60 limit=80 />
                <QuotaBar label="Low" left=12 limit=80 />
                <QuotaBar label="Empty" left=0 limit=80 />
            </div>
        </Card>
        <dl class="stats">
            <Stat label="Stat" value="1,234" note="a note" tone=Tone::Success />
            <Stat label="Stat" value="0" />
        </dl>
        <CodeBlock title="file.toml" label="A file" code=Signal::stored("key = 1".to_owned()) />
        <dl>
            <CodeField label="Name" value=Signal::stored("value".to_owned()) />
        </dl>
        <Notice>"A notice."</Notice>
        <Notice tone=Tone::Warning>"A warning."</Notice>
        <ErrorNotice error=UiError::Internal { request_id: "req_123".into() } />
        <TableSkeleton rows=3 />
        <EmptyState icon=IconName::Image title="Nothing yet" text="What to do next.">
            <Button>"Do it"</Button>
        </EmptyState>
        <Pagination page=RwSignal::new(0) page_size=10 total=42 />
    }
}

#[component]
fn Overlays() -> impl IntoView {
    let toaster = use_toaster();
    let dialog = RwSignal::new(false);
    let (sheet, drawer) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <Card>
            <div class="gallery">
                <Button on:click=move |_| dialog.set(true)>"Dialog"</Button>
                <Button on:click=move |_| sheet.set(true)>"Sheet"</Button>
                <Button on:click=move |_| drawer.set(true)>"Drawer"</Button>
                <Button on:click=move |_| toaster.success("Done.")>"Toast"</Button>
                <Button on:click=move |_| toaster.error(&UiError::Connection)>"Error toast"</Button>
                <Button on:click=move |_| {
                    toaster.undo("Deleted.", move || toaster.success("Back."));
                }>"Undo toast"</Button>
            </div>
        </Card>
        <Dialog open=dialog title="Dialog">
            <p>"Escape closes it and the focus returns."</p>
        </Dialog>
        <Sheet open=sheet title="Sheet">
            <p>"From the side."</p>
        </Sheet>
        <Drawer open=drawer title="Drawer">
            <p>"One thing of a list, from the other side."</p>
        </Drawer>
    }
}
