//! Who looks at the page, and the guards that keep the others out.

#[cfg(feature = "ssr")]
use crate::service::Door;
use crate::{
    api::auth::get_viewer,
    components::{ErrorNotice, PageSkeleton},
    dom,
    dto::Viewer,
    error::UiError,
};
use leptos::prelude::*;
use leptos_router::{components::Redirect, hooks::use_location};

/// The viewer as loaded with the page. Signing in and out loads the page again.
#[derive(Clone, Copy)]
pub struct Session(Resource<Result<Viewer, UiError>>);

pub(crate) fn provide_session() {
    provide_context(Session(Resource::new_blocking(|| (), |()| get_viewer())));
}

/// The viewer of a page that is inside a guard (so it is known); the default otherwise.
#[must_use]
pub fn use_viewer() -> Viewer {
    use_context().unwrap_or_default()
}

#[must_use]
pub fn use_session() -> Session {
    expect_context()
}

/// Who may see what a [`Guard`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Public,
    Admin,
}

impl Access {
    fn allows(self, viewer: &Viewer) -> bool {
        match self {
            Self::Public => viewer.may_chat,
            Self::Admin => viewer.is_admin,
        }
    }

    const fn sign_in_path(self) -> &'static str {
        match self {
            Self::Public => "/login",
            Self::Admin => "/admin/login",
        }
    }
}

/// Shows its children to those who may see them and leads the others to the sign-in page.
///
/// Server-side rendering: the redirect is a real one (302) before anything of the page is sent.
#[component]
pub fn Guard(access: Access, children: ChildrenFn) -> impl IntoView {
    let session = use_session();
    let children = StoredValue::new(children);
    let page = move |viewer: Viewer| {
        if access.allows(&viewer) {
            provide_context(viewer);
            children.with_value(|children| children()).into_any()
        } else {
            view! { <ToSignIn path=access.sign_in_path() /> }.into_any()
        }
    };
    view! {
        <Transition fallback=|| {
            view! { <PageSkeleton /> }
        }>
            {move || Suspend::new(async move {
                match session.0.await {
                    Ok(viewer) => page(viewer),
                    Err(error) => view! { <ErrorNotice error /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn ToSignIn(path: &'static str) -> impl IntoView {
    let location = use_location();
    let wanted = location.pathname.get_untracked() + &query(&location.search.get_untracked());
    let path = if wanted == "/" {
        path.to_owned()
    } else {
        format!("{path}?next={wanted}")
    };
    // The router knows no sign-in page: it is a document of its own. On the server this is the 302.
    if cfg!(feature = "ssr") {
        return view! { <Redirect path /> }.into_any();
    }
    Effect::new(move || dom::load_page(&path));
    ().into_any()
}

/// The query of an address, in a form that fits into the value of another query.
fn query(search: &str) -> String {
    match search.trim_start_matches('?') {
        "" => String::new(),
        search => format!("?{}", in_query(search)),
    }
}

/// Text in a form that fits into the value of a query.
fn in_query(text: &str) -> String {
    let mut value = String::new();
    for c in text.chars() {
        match c {
            '%' => value.push_str("%25"),
            '&' => value.push_str("%26"),
            '+' => value.push_str("%2B"),
            '#' => value.push_str("%23"),
            c => value.push(c),
        }
    }
    value
}

/// The sign-in page that leads to `next`, a path that [`safe_next`] has let pass.
#[cfg(feature = "ssr")]
#[must_use]
pub fn sign_in_page(next: &str) -> String {
    let path = match Door::to(next) {
        Door::Operator => Access::Admin.sign_in_path(),
        Door::Visitors => Access::Public.sign_in_path(),
    };
    if next == start_behind(path) {
        path.to_owned()
    } else {
        format!("{path}?next={}", in_query(next))
    }
}

/// Where a sign-in page leads that was not told where to.
#[cfg(feature = "ssr")]
#[must_use]
pub fn start_behind(sign_in_path: &str) -> &'static str {
    if sign_in_path.starts_with("/admin") {
        "/admin/accounts"
    } else {
        "/"
    }
}

/// Where to go after signing in: a path of ours, never another site, and fit for a header.
#[cfg(any(feature = "ssr", test))]
#[must_use]
pub fn safe_next(next: Option<&str>) -> &str {
    match next {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains('\\')
                && path.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            path
        }
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_never_leads_to_another_site() {
        assert_eq!(safe_next(Some("/admin/accounts")), "/admin/accounts");
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/\t/evil",
            "/a\r\nb",
            // No header can carry them.
            "/\0",
            "/\u{1b}[31m",
            "/\u{7f}",
            "/\u{85}",
            "/é",
        ] {
            assert_eq!(safe_next(Some(bad)), "/", "{bad:?}");
        }
        assert_eq!(safe_next(None), "/");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn the_sign_in_page_of_a_path_leads_there() {
        for (next, page) in [
            ("/", "/login"),
            ("/?q=1&r=%20", "/login?next=/?q=1%26r=%2520"),
            ("/admin/accounts", "/admin/login"),
            ("/admin/password", "/admin/login?next=/admin/password"),
        ] {
            assert_eq!(sign_in_page(next), page);
        }
    }

    #[test]
    fn admin_pages_need_an_admin_and_chat_needs_permission() {
        let guest = Viewer {
            may_chat: true,
            ..Viewer::default()
        };
        assert!(Access::Public.allows(&guest));
        assert!(!Access::Admin.allows(&guest));
        assert!(!Access::Public.allows(&Viewer::default()));
    }
}
