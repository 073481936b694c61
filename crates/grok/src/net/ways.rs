//! Which way a call takes: direct, by one of the operator's proxies, or by the account's own.

use std::sync::Arc;

use tokio::time::Instant;

use super::ProxyList;
use super::proxies::Proxies;
use super::proxy::{Proxy, ProxyReport};
use super::transport::{Transport, Transports, recipe_of};
use crate::error::UpstreamError;
use crate::settings::{Settings, SettingsError};
use crate::tls::Tls;

/// Proxies of a list that one call tries to get a connection by.
const MAX_PROXIES: usize = 3;

/// What a call carries (`upstream-protocol` 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    Web,
    /// Uploads, downloads and lists of files.
    Files,
}

/// Whose ways a client takes.
#[derive(Clone)]
pub(crate) enum Route {
    /// The operator's.
    Shared,
    /// An account's own proxy.
    Own(Arc<Proxy>),
    /// An account's own proxy that is none.
    Unusable,
}

/// All ways of one set of settings.
pub(crate) struct Ways {
    transports: Transports,
    proxies: Arc<Proxies>,
    settings: Settings,
    tls: Tls,
}

/// The way that a call takes.
pub(crate) struct Way {
    pub(crate) transport: Arc<Transport>,
    /// One that may be set aside.
    proxy: Option<Arc<Proxy>>,
    is_own: bool,
}

/// The proxies of a list that a call has tried in vain.
#[derive(Default)]
pub(crate) struct Missed {
    proxies: Vec<Arc<Proxy>>,
    last: Option<UpstreamError>,
}

impl Ways {
    /// What `old` has open and knows is kept where it fits.
    pub(crate) fn new(settings: &Settings, old: Option<&Self>) -> Result<Self, SettingsError> {
        let tls = match old {
            Some(old) => old.tls.clone(),
            None => Tls::new().map_err(super::connect::tls_trouble)?,
        };
        let transports = Transports::new(settings, old.map(|old| &old.transports), &tls)?;
        let same_list = old.filter(|old| old.settings.proxy_list == settings.proxy_list);
        let proxies = same_list.map(|old| Arc::clone(&old.proxies));
        Ok(Self {
            transports,
            proxies: proxies.unwrap_or_default(),
            settings: settings.clone(),
            tls,
        })
    }

    pub(crate) fn route(&self, proxy: Option<&str>) -> Route {
        match proxy.map(|address| self.proxies.own(address)) {
            None => Route::Shared,
            Some(Some(proxy)) => Route::Own(proxy),
            Some(None) => Route::Unusable,
        }
    }

    fn has_list(&self) -> bool {
        !self.settings.proxy_list.trim().is_empty()
    }

    pub(crate) fn awaits_list(&self) -> bool {
        self.has_list() && !self.proxies.is_read()
    }

    pub(crate) fn has_listed(&self) -> bool {
        !self.proxies.listed().is_empty()
    }

    pub(crate) fn set_list(&self, text: &str) -> ProxyList {
        self.proxies.set(text)
    }

    pub(crate) fn give_up_waiting(&self) {
        self.proxies.give_up_waiting();
    }

    pub(crate) fn reports<'a>(
        &self,
        accounts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Vec<ProxyReport> {
        self.proxies.reports(accounts)
    }

    /// The way of a call; never around the proxies that the operator wants.
    ///
    /// # Errors
    /// [`UpstreamError::Proxy`] and [`UpstreamError::NoProxy`]; what the last proxy said when the call
    /// has tried enough of them.
    pub(crate) async fn choose(
        &self,
        route: &Route,
        traffic: Traffic,
        credential: &str,
        missed: &mut Missed,
    ) -> Result<Way, UpstreamError> {
        match route {
            Route::Unusable => return Err(own_proxy("its address is none")),
            Route::Own(proxy) => {
                if proxy.aside_until(Instant::now()).is_some() {
                    return Err(own_proxy("it does not work and is left alone for a while"));
                }
                return self
                    .by(proxy, true)
                    .map_err(|_| own_proxy("it cannot be used"));
            }
            Route::Shared => {}
        }
        let has_asset_proxy = !self.settings.asset_proxy_url.trim().is_empty();
        if traffic == Traffic::Files && has_asset_proxy {
            return Ok(Way::plain(&self.transports.asset));
        }
        if !self.has_list() {
            return Ok(Way::plain(&self.transports.base));
        }
        self.proxies.read(self.settings.connect_timeout).await;
        if missed.proxies.len() < MAX_PROXIES
            && let Some(proxy) = self.proxies.choose(credential, &missed.proxies)
        {
            return self.by(&proxy, false).map_err(|_| UpstreamError::NoProxy);
        }
        if let Some(error) = missed.last.take() {
            return Err(error);
        }
        if self.settings.base_proxy().is_empty() {
            return Err(UpstreamError::NoProxy);
        }
        Ok(Way::plain(&self.transports.base))
    }

    /// As [`crate::Client::proxy_for`].
    pub(crate) fn proxy_for(&self, what: &str) -> Result<Option<String>, UpstreamError> {
        if !self.has_list() {
            return Ok(None);
        }
        match self.proxies.choose(what, &[]) {
            Some(proxy) => Ok(Some(proxy.url().to_string())),
            None if self.settings.base_proxy().is_empty() => Err(UpstreamError::NoProxy),
            None => Ok(None),
        }
    }

    fn by(&self, proxy: &Arc<Proxy>, is_own: bool) -> Result<Way, SettingsError> {
        let recipe = recipe_of(&self.settings, Some(proxy.url().clone()), true);
        Ok(Way {
            transport: self.proxies.transport(recipe, proxy.url(), &self.tls)?,
            proxy: Some(Arc::clone(proxy)),
            is_own,
        })
    }
}

impl Way {
    fn plain(transport: &Arc<Transport>) -> Self {
        Self {
            transport: Arc::clone(transport),
            proxy: None,
            is_own: false,
        }
    }

    /// The upstream has answered on it.
    pub(crate) fn passed(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.passed();
        }
    }

    /// The upstream's bot protection has refused it; `max` in a row set its proxy aside.
    pub(crate) fn refused(&self, max: u32) {
        if let Some(proxy) = &self.proxy {
            proxy.refused(max, Instant::now());
        }
    }

    /// Whether a call that failed so may take another way: no connection was made, so nobody has seen
    /// it. The proxy is noted in `missed` then.
    ///
    /// # Errors
    /// The failure, when it is the call's.
    pub(crate) fn miss(
        self,
        error: UpstreamError,
        missed: &mut Missed,
    ) -> Result<(), UpstreamError> {
        let is_unseen = matches!(
            error,
            UpstreamError::Connect { .. } | UpstreamError::Timeout
        );
        let Some(proxy) = self.proxy.filter(|_| is_unseen) else {
            return Err(error);
        };
        proxy.failed(Instant::now());
        if self.is_own {
            return Err(own_proxy(&error.message()));
        }
        missed.proxies.push(proxy);
        missed.last = Some(error);
        Ok(())
    }
}

fn own_proxy(reason: &str) -> UpstreamError {
    UpstreamError::Proxy {
        reason: reason.to_owned(),
    }
}
