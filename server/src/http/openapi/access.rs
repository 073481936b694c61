//! Who may call: said of a whole router, where the layer stands that checks it.

use utoipa::openapi::{
    Components, RefOr,
    path::{Operation, PathItem},
    response::Response,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use super::errors::meaning;
use crate::http::AppState;

const API_KEY: &str = "api_key";
const API_KEY_HEADER: &str = "api_key_header";
const OPERATOR: &str = "operator_password";
const SESSION: &str = "session";

/// Who may call the operations of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Access {
    /// Everybody.
    Open,
    /// A program with an API key.
    Key,
    /// A visitor's browser.
    Visitor,
    /// The operator.
    Operator,
}

impl Access {
    /// The schemes of which one is needed.
    fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[],
            Self::Key => &[API_KEY, API_KEY_HEADER],
            Self::Visitor => &[SESSION],
            Self::Operator => &[OPERATOR, SESSION],
        }
    }

    /// What the layers in front of the handlers answer.
    fn refusals(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[],
            Self::Key | Self::Visitor => &["401", "403"],
            Self::Operator => &["400", "401", "403", "429"],
        }
    }

    /// Notes in the document who may call the operations of `router`. It guards nothing: that is the layer's
    /// part.
    pub(in crate::http) fn noted_on(
        self,
        mut router: OpenApiRouter<AppState>,
    ) -> OpenApiRouter<AppState> {
        let paths = &mut router.get_openapi_mut().paths.paths;
        for operation in paths.values_mut().flat_map(operations) {
            // An entry that says it differently knows better.
            if operation.security.is_some() {
                continue;
            }
            let needed = |scheme: &&str| SecurityRequirement::new(*scheme, [""; 0]);
            operation.security = Some(self.schemes().iter().map(needed).collect());
            for status in self.refusals() {
                add(operation, status);
            }
        }
        router
    }
}

/// Adds the answer with this status, unless the operation has it.
pub(super) fn add(operation: &mut Operation, status: &str) {
    let responses = &mut operation.responses.responses;
    if !responses.contains_key(status) {
        let response = RefOr::from(Response::new(meaning(status)));
        responses.insert(status.to_owned(), response);
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
        &mut item.head,
        &mut item.options,
        &mut item.trace,
    ];
    all.into_iter().flatten()
}

/// The schemes that operations name.
pub(super) fn describe(components: &mut Components) {
    let bearer = |text: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(text.to_owned());
        SecurityScheme::Http(scheme)
    };
    let key = "An API key: `app.api_key`, or one of those that the operator has made. A server without \
               any key takes requests without one.";
    let header =
        ApiKeyValue::with_description("x-api-key", "The same, as Anthropic's clients send it.");
    let cookie = "The session of a browser that has signed in at `/login`. Behind https the cookie is \
                  called `__Host-grok2api_session`. With `app.public_enabled` visitors need none.";
    let cookie = ApiKeyValue::with_description("grok2api_session", cookie);
    let schemes = &mut components.security_schemes;
    for (name, scheme) in [
        (API_KEY, bearer(key)),
        (
            API_KEY_HEADER,
            SecurityScheme::ApiKey(ApiKey::Header(header)),
        ),
        (OPERATOR, bearer("The operator's password.")),
        (SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
    ] {
        schemes.insert(name.to_owned(), scheme.into());
    }
}
