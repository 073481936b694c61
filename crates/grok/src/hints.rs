//! Client hints (`upstream-protocol` 1.6).

use http::header::{HeaderMap, HeaderName, HeaderValue};

const UA: HeaderName = HeaderName::from_static("sec-ch-ua");
const MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
const PLATFORM: HeaderName = HeaderName::from_static("sec-ch-ua-platform");
const ARCH: HeaderName = HeaderName::from_static("sec-ch-ua-arch");
const BITNESS: HeaderName = HeaderName::from_static("sec-ch-ua-bitness");
const MODEL: HeaderName = HeaderName::from_static("sec-ch-ua-model");

/// The hints that a browser of this profile and User-Agent sends; empty for other families.
pub(crate) fn client_hints(browser: &str, user_agent: &str) -> HeaderMap {
    let profile = browser.to_ascii_lowercase();
    let agent = user_agent.to_ascii_lowercase();
    let mut hints = HeaderMap::new();
    let Some(version) = version(&profile, &agent).filter(|_| is_chromium_like(&profile, &agent))
    else {
        return hints;
    };
    let brand = brand(&profile, &agent);
    let list =
        format!(r#""{brand}";v="{version}", "Chromium";v="{version}", "Not(A:Brand";v="24""#);
    if let Ok(list) = HeaderValue::try_from(list) {
        hints.insert(UA, list);
    }
    let platform = platform(&agent);
    let is_mobile = agent.contains("mobile") || matches!(platform, Some("\"Android\"" | "\"iOS\""));
    hints.insert(
        MOBILE,
        HeaderValue::from_static(if is_mobile { "?1" } else { "?0" }),
    );
    hints.insert(MODEL, HeaderValue::from_static(""));
    if let Some(platform) = platform {
        hints.insert(PLATFORM, HeaderValue::from_static(platform));
    }
    if let Some(arch) = architecture(&agent) {
        hints.insert(ARCH, HeaderValue::from_static(arch));
        hints.insert(BITNESS, HeaderValue::from_static("64"));
    }
    hints
}

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn is_chromium_like(profile: &str, agent: &str) -> bool {
    let chromium_agent = has_any(agent, &["chrome", "chromium", "edg"]);
    let is_other = profile.contains("firefox")
        || agent.contains("firefox")
        || profile.contains("safari")
        || (agent.contains("safari") && !chromium_agent);
    !is_other && (has_any(profile, &["chrome", "chromium", "edge", "brave"]) || chromium_agent)
}

/// The major version: from the profile's name, else from the User-Agent.
fn version<'a>(profile: &'a str, agent: &'a str) -> Option<&'a str> {
    let in_profile = profile
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| (2..=3).contains(&digits.len()));
    in_profile.or_else(|| {
        ["edg/", "chrome/", "chromium/"]
            .into_iter()
            .find_map(|marker| {
                let (_, after) = agent.split_once(marker)?;
                let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
                (!digits.is_empty()).then_some(digits)
            })
    })
}

fn brand(profile: &str, agent: &str) -> &'static str {
    if profile.contains("edge") || agent.contains("edg") {
        "Microsoft Edge"
    } else if profile.contains("chromium") {
        "Chromium"
    } else if profile.contains("brave") {
        "Brave"
    } else {
        "Google Chrome"
    }
}

/// The platform as a quoted header value.
fn platform(agent: &str) -> Option<&'static str> {
    let rows: [(&[&str], &str); 5] = [
        (&["windows"], "\"Windows\""),
        (&["mac os x", "macintosh"], "\"macOS\""),
        (&["android"], "\"Android\""),
        (&["iphone", "ipad"], "\"iOS\""),
        (&["linux"], "\"Linux\""),
    ];
    rows.into_iter()
        .find(|(words, _)| has_any(agent, words))
        .map(|(_, value)| value)
}

fn architecture(agent: &str) -> Option<&'static str> {
    if has_any(agent, &["aarch64", "arm"]) {
        Some("arm")
    } else if has_any(agent, &["x86_64", "x64", "win64", "intel"]) {
        Some("x86")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36";

    fn hint(browser: &str, agent: &str, name: &str) -> Option<String> {
        client_hints(browser, agent)
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_defaults_look_like_chrome_on_a_mac() {
        let hints = client_hints("chrome136", MAC);
        let expected = [
            (
                "sec-ch-ua",
                r#""Google Chrome";v="136", "Chromium";v="136", "Not(A:Brand";v="24""#,
            ),
            ("sec-ch-ua-mobile", "?0"),
            ("sec-ch-ua-model", ""),
            ("sec-ch-ua-platform", "\"macOS\""),
            ("sec-ch-ua-arch", "x86"),
            ("sec-ch-ua-bitness", "64"),
        ];
        assert_eq!(hints.len(), expected.len());
        for (name, value) in expected {
            assert_eq!(hints.get(name).unwrap(), value, "{name}");
        }
    }

    #[test]
    fn other_families_send_none() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/17.0 Safari/605.1.15";
        for (browser, agent) in [
            ("firefox133", MAC),
            ("chrome136", firefox),
            ("safari17_0", MAC),
            ("chrome136", safari),
            ("curl8", "curl/8.0"),
            ("chrome", "no number Chrome"),
        ] {
            assert!(client_hints(browser, agent).is_empty(), "{browser} {agent}");
        }
    }

    #[test]
    fn the_version_comes_from_the_profile_then_the_agent() {
        let version = |browser: &str, agent: &str| {
            let list = hint(browser, agent, "sec-ch-ua").unwrap();
            list.split("v=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(version("edge101", MAC), "101");
        assert_eq!(version("chrome99", MAC), "99");
        assert_eq!(version("chrome", MAC), "136");
        assert_eq!(version("chrome9", MAC), "136");
        assert_eq!(version("", "X Chrome/120.0 Edg/121.0"), "121");
        assert_eq!(version("brave", "X Chromium/118"), "118");
    }

    #[test]
    fn the_brand_is_the_first_match() {
        let brand = |browser: &str, agent: &str| {
            let list = hint(browser, agent, "sec-ch-ua").unwrap();
            list.split('"').nth(1).unwrap().to_owned()
        };
        assert_eq!(brand("edge101", MAC), "Microsoft Edge");
        assert_eq!(brand("chrome136", "Chrome/136 Edg/136"), "Microsoft Edge");
        assert_eq!(brand("chromium120", MAC), "Chromium");
        assert_eq!(brand("brave120", MAC), "Brave");
        assert_eq!(brand("chrome120", MAC), "Google Chrome");
    }

    #[test]
    fn platform_mobile_and_architecture_follow_the_agent() {
        let rows = [
            (
                "Chrome/1 Windows NT 10.0; Win64; x64",
                Some("\"Windows\""),
                "?0",
                Some("x86"),
            ),
            (
                "Chrome/1 Macintosh; Intel Mac OS X",
                Some("\"macOS\""),
                "?0",
                Some("x86"),
            ),
            (
                "Chrome/1 Linux; Android 14",
                Some("\"Android\""),
                "?1",
                None,
            ),
            ("Chrome/1 iPad", Some("\"iOS\""), "?1", None),
            ("Chrome/1 iPhone Mobile", Some("\"iOS\""), "?1", None),
            (
                "Chrome/1 X11; Linux aarch64",
                Some("\"Linux\""),
                "?0",
                Some("arm"),
            ),
            (
                "Chrome/1 X11; Linux x86_64",
                Some("\"Linux\""),
                "?0",
                Some("x86"),
            ),
            ("Chrome/1 Other Mobile", None, "?1", None),
        ];
        for (agent, platform, mobile, arch) in rows {
            let get = |name: &str| hint("chrome136", agent, name);
            assert_eq!(get("sec-ch-ua-platform").as_deref(), platform, "{agent}");
            assert_eq!(get("sec-ch-ua-mobile").as_deref(), Some(mobile), "{agent}");
            assert_eq!(get("sec-ch-ua-arch").as_deref(), arch, "{agent}");
            assert_eq!(
                get("sec-ch-ua-bitness").as_deref(),
                arch.map(|_| "64"),
                "{agent}"
            );
        }
    }
}
