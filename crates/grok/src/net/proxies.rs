//! Many proxies: the operator's list, and those that accounts have for themselves.
//!
//! An account stays on one proxy of the list while that is there and not set aside; then it moves to
//! the one that suits it next, and back later. Connections are kept for the proxies used last.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use url::Url;

use super::proxy::{Proxy, ProxyReport, fnv};
use super::transport::{Recipe, Transport, proxy_url};
use crate::settings::SettingsError;
use crate::tls::Tls;

/// Proxies of a list at most; the rest is left out.
const MAX_LISTED: usize = 5000;
/// Longest line of a list, in bytes.
const MAX_LINE_BYTES: usize = 2048;
/// Accounts' own proxies that are remembered with what they have done.
const MAX_OWN: usize = 20_000;
/// Proxies for which connections are kept.
const MAX_OPEN: usize = 256;
/// Idle HTTP/1 connections of one of them: with [`MAX_OPEN`] that bounds the file descriptors.
pub(super) const MAX_IDLE_EACH: usize = 2;

/// What was read from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyList {
    pub taken: usize,
    /// Lines that name no proxy, and what is beyond the 5,000 that are taken.
    pub left_out: usize,
}

/// Outlives changes of other settings.
pub(super) struct Proxies {
    /// `None`: not read yet.
    list: RwLock<Option<Arc<[Arc<Proxy>]>>>,
    is_read: watch::Sender<bool>,
    own: Mutex<HashMap<Url, Arc<Proxy>>>,
    open: Mutex<Open>,
}

/// Connections by proxy, with the number of their last use.
#[derive(Default)]
struct Open {
    transports: HashMap<Url, (Arc<Transport>, u64)>,
    uses: u64,
}

impl Default for Proxies {
    fn default() -> Self {
        Self {
            list: RwLock::default(),
            is_read: watch::Sender::new(false),
            own: Mutex::default(),
            open: Mutex::default(),
        }
    }
}

impl Proxies {
    /// Takes a list, one proxy a line; one without any is not taken. Proxies that were there before
    /// keep what is known of them.
    pub(super) fn set(&self, text: &str) -> ProxyList {
        let before = self.listed();
        let known: HashMap<_, _> = before.iter().map(|proxy| (proxy.url(), proxy)).collect();
        let (mut list, mut urls, mut left_out) = (Vec::new(), HashSet::new(), 0);
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(url) = read_line(line).filter(|_| list.len() < MAX_LISTED) else {
                left_out += 1;
                continue;
            };
            if urls.insert(url.clone()) {
                let proxy = known.get(&url).map(|proxy| Arc::clone(proxy));
                list.push(proxy.unwrap_or_else(|| Arc::new(Proxy::new(url))));
            }
        }
        let taken = list.len();
        if taken > 0 {
            *self.list.write() = Some(list.into());
            self.is_read.send_replace(true);
        }
        ProxyList { taken, left_out }
    }

    /// The list could not be read: nobody waits for it. The last one stays.
    pub(super) fn give_up_waiting(&self) {
        self.is_read.send_replace(true);
    }

    pub(super) fn is_read(&self) -> bool {
        *self.is_read.borrow()
    }

    /// Waits until the list has been read, or could not be.
    pub(super) async fn read(&self, limit: std::time::Duration) {
        if self.is_read() {
            return;
        }
        let mut is_read = self.is_read.subscribe();
        // Its end or the sender's: whoever waited goes on with what there is.
        let _ = timeout(limit, is_read.wait_for(|is_read| *is_read)).await;
    }

    pub(super) fn listed(&self) -> Arc<[Arc<Proxy>]> {
        self.list.read().clone().unwrap_or_default()
    }

    /// The proxy of the list that suits an account best, but for those that were tried. When all are
    /// set aside, the one that comes back first: the breakers bound what that may do.
    pub(super) fn choose(&self, credential: &str, tried: &[Arc<Proxy>]) -> Option<Arc<Proxy>> {
        let (caller, now, list) = (fnv(credential), Instant::now(), self.listed());
        let is_new = |proxy: &&Arc<Proxy>| !tried.iter().any(|one| Arc::ptr_eq(one, proxy));
        let mut best: Option<(u64, &Arc<Proxy>)> = None;
        for proxy in list.iter().filter(is_new) {
            let score = proxy.score(caller);
            let is_better = best.is_none_or(|(most, _)| score > most);
            if is_better && proxy.aside_until(now).is_none() {
                best = Some((score, proxy));
            }
        }
        if let Some((_, proxy)) = best {
            return Some(Arc::clone(proxy));
        }
        let first_back = list.iter().filter(is_new).min_by_key(|proxy| {
            let back = proxy.aside_until(now).unwrap_or(now);
            (back, std::cmp::Reverse(proxy.score(caller)))
        });
        first_back.map(Arc::clone)
    }

    /// An account's own proxy, with what is known of it.
    pub(super) fn own(&self, address: &str) -> Option<Arc<Proxy>> {
        let url = proxy_url(address.trim(), "").ok()?;
        let mut own = self.own.lock();
        if let Some(proxy) = own.get(&url) {
            return Some(Arc::clone(proxy));
        }
        if own.len() >= MAX_OWN {
            own.clear();
        }
        let proxy = Arc::new(Proxy::new(url.clone()));
        own.insert(url, Arc::clone(&proxy));
        Some(proxy)
    }

    /// The connections through a proxy.
    pub(super) fn transport(
        &self,
        recipe: Recipe,
        url: &Url,
        tls: &Tls,
    ) -> Result<Arc<Transport>, SettingsError> {
        let mut open = self.open.lock();
        open.uses += 1;
        let uses = open.uses;
        if let Some((transport, used)) = open.transports.get_mut(url)
            && transport.is_of(&recipe)
        {
            *used = uses;
            return Ok(Arc::clone(transport));
        }
        let transport = Transport::open(recipe, "proxy.pool_url", MAX_IDLE_EACH, tls)?;
        let transport = Arc::new(transport);
        if open.transports.len() >= MAX_OPEN {
            let oldest = open.transports.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(url, _)| url.clone()) {
                open.transports.remove(&oldest);
            }
        }
        let kept = (Arc::clone(&transport), uses);
        open.transports.insert(url.clone(), kept);
        Ok(transport)
    }

    /// Every proxy, and how many of `accounts` (credential and own proxy) go by it.
    pub(super) fn reports<'a>(
        &self,
        accounts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Vec<ProxyReport> {
        let (now, list) = (Instant::now(), self.listed());
        let mut counts: HashMap<Url, usize> = HashMap::new();
        let mut own = Vec::new();
        for (credential, address) in accounts {
            let proxy = match address {
                Some(address) => self.own(address),
                None => self.choose(credential, &[]),
            };
            let Some(proxy) = proxy else { continue };
            let count = counts.entry(proxy.url().clone()).or_default();
            *count += 1;
            if *count == 1 && address.is_some() {
                own.push(proxy);
            }
        }
        let listed = list.iter().map(|proxy| (proxy, true));
        let all = listed.chain(own.iter().map(|proxy| (proxy, false)));
        all.map(|(proxy, is_listed)| {
            let accounts = counts.get(proxy.url()).copied().unwrap_or_default();
            proxy.report(is_listed, accounts, now)
        })
        .collect()
    }
}

/// `scheme://…`, `host:port`, or `host:port:user:password` as some sellers write it.
fn read_line(line: &str) -> Option<Url> {
    if line.len() > MAX_LINE_BYTES {
        return None;
    }
    if line.contains("://") {
        return proxy_url(line, "").ok();
    }
    let parts: Vec<_> = line.splitn(4, ':').collect();
    match parts.as_slice() {
        [_, port] if port.parse::<u16>().is_ok() => proxy_url(&format!("http://{line}"), "").ok(),
        [host, port, user, password] if port.parse::<u16>().is_ok() => {
            let mut url = proxy_url(&format!("http://{host}:{port}"), "").ok()?;
            url.set_username(user).ok()?;
            url.set_password(Some(password)).ok()?;
            Some(url)
        }
        // `user:password@host:port`
        _ if line.contains('@') => proxy_url(&format!("http://{line}"), "").ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn listed(count: usize) -> Proxies {
        let proxies = Proxies::default();
        let lines: Vec<_> = (0..count).map(|n| format!("10.0.0.{n}:80")).collect();
        assert_eq!(proxies.set(&lines.join("\n")).taken, count);
        proxies
    }

    fn chosen(proxies: &Proxies, account: usize) -> Url {
        let proxy = proxies.choose(&format!("account-{account}"), &[]);
        proxy.unwrap().url().clone()
    }

    #[test]
    fn lists_are_read_in_all_the_forms_that_are_about() {
        for (line, expected) in [
            ("10.0.0.1:3128", Some("http://10.0.0.1:3128/")),
            (
                "proxy.test:80:me:p@ss",
                Some("http://me:p%40ss@proxy.test/"),
            ),
            (
                "me:pass@proxy.test:81",
                Some("http://me:pass@proxy.test:81/"),
            ),
            ("SOCKS5://me:pass@h:1", Some("socks5h://me:pass@h:1")),
            ("https://h", Some("https://h/")),
            ("ftp://h:1", None),
            ("nothing", None),
            ("h:port", None),
        ] {
            let url = read_line(line);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{line}");
        }
        assert_eq!(read_line(&format!("http://{}:1", "h".repeat(3000))), None);
        let text = "# ours\n\n10.0.0.1:1\r\n10.0.0.1:1\n<html>\n";
        let expected = ProxyList {
            taken: 1,
            left_out: 1,
        };
        assert_eq!(Proxies::default().set(text), expected);
    }

    #[test]
    fn a_list_is_bounded_and_one_without_proxies_is_not_taken() {
        let lines = |n: usize| (0..n).map(|n| format!("h{n}.test:1\n")).collect::<String>();
        let proxies = Proxies::default();
        let expected = ProxyList {
            taken: MAX_LISTED,
            left_out: 10,
        };
        assert_eq!(proxies.set(&lines(MAX_LISTED + 10)), expected);
        assert_eq!(proxies.set("<html>sign in</html>").taken, 0);
        assert_eq!(
            proxies.listed().len(),
            MAX_LISTED,
            "the last good one stays"
        );
    }

    #[test]
    fn an_account_stays_on_its_proxy_whatever_comes_and_goes_beside_it() {
        let (small, large) = (listed(10), listed(11));
        let moved = (0..1000).filter(|n| chosen(&small, *n) != chosen(&large, *n));
        let moved: Vec<_> = moved.map(|n| chosen(&large, n)).collect();
        assert!(moved.len() < 150, "{}", moved.len());
        let newcomer = read_line("10.0.0.10:80").unwrap();
        assert!(moved.iter().all(|url| *url == newcomer));
    }

    #[test]
    fn accounts_are_spread_over_the_list() {
        let proxies = listed(20);
        let names: Vec<_> = (0..2000).map(|n| format!("account-{n}")).collect();
        let reports = proxies.reports(names.iter().map(|name| (name.as_str(), None)));
        assert_eq!(reports.iter().map(|one| one.accounts).sum::<usize>(), 2000);
        assert!(reports.iter().all(|one| (50..200).contains(&one.accounts)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_set_aside_is_left_by_its_accounts_and_they_come_back() {
        let proxies = listed(3);
        let at_first = proxies.choose("a", &[]).unwrap();
        for _ in 0..2 {
            at_first.failed(Instant::now());
        }
        let instead = proxies.choose("a", &[]).unwrap();
        assert!(!Arc::ptr_eq(&at_first, &instead));
        // The list is read again meanwhile.
        proxies.set("10.0.0.0:80\n10.0.0.1:80\n10.0.0.2:80");
        assert!(Arc::ptr_eq(&instead, &proxies.choose("a", &[]).unwrap()));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(Arc::ptr_eq(&at_first, &proxies.choose("a", &[]).unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_set_aside_the_first_to_come_back_serves() {
        let proxies = listed(2);
        let first = proxies.choose("a", &[]).unwrap();
        let second = proxies.choose("a", std::slice::from_ref(&first)).unwrap();
        for proxy in [&first, &second] {
            proxy.failed(Instant::now());
            proxy.failed(Instant::now());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(Arc::ptr_eq(&first, &proxies.choose("a", &[]).unwrap()));
        let both = [first, second];
        assert!(proxies.choose("a", &both).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_the_first_list_but_not_for_ever() {
        let proxies = Arc::new(Proxies::default());
        let began = Instant::now();
        proxies.read(Duration::from_secs(15)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(15));
        proxies.give_up_waiting();
        proxies.read(Duration::from_secs(15)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(15));
    }

    #[test]
    fn ten_thousand_accounts_on_ten_thousand_proxies_keep_few_connections() {
        let proxies = Proxies::default();
        let tls = Tls::new().unwrap();
        for n in 0..10_000 {
            let proxy = proxies.own(&format!("http://h{n}.test:1")).unwrap();
            let recipe = Recipe {
                proxy: Some(proxy.url().clone()),
                trust_proxy: false,
                connect_timeout: Duration::from_secs(1),
            };
            proxies.transport(recipe, proxy.url(), &tls).unwrap();
        }
        assert_eq!(proxies.open.lock().transports.len(), MAX_OPEN);
    }
}
