use proptest::prelude::*;

use super::*;

const JWT: &str = "eyJhbGciOi.abc-_1";

fn read(text: &str) -> AccountList {
    read_account_list(text.as_bytes())
}

/// Line and credential of each account.
fn found(text: &str) -> Vec<(usize, String)> {
    let list = read(text);
    assert_eq!(list.refused, [], "{text}");
    let each = list.accounts.iter();
    each.map(|one| (one.line, one.credential.expose().to_owned()))
        .collect()
}

fn refused(text: &str) -> Vec<(usize, RefusedReason)> {
    let list = read(text);
    assert_eq!(list.accounts, [], "{text}");
    list.refused
        .iter()
        .map(|one| (one.line, one.reason))
        .collect()
}

#[test]
fn every_form_of_a_line_is_read() {
    for line in [
        JWT.to_owned(),
        format!("sso={JWT}"),
        format!("  \"{JWT}\","),
        format!("Cookie: sso={JWT}; sso-rw=eyJother; cf_clearance=x"),
        format!("cf_clearance=x; sso-rw=eyJother; sso={JWT}"),
        format!("{{\"token\": \"{JWT}\"}}"),
        format!("a@example.com----password----{JWT}"),
        format!("{JWT}|basic"),
        format!("curl 'https://grok.com/rest' -H 'accept: */*' -b 'i18n=en; sso={JWT}; x=y'"),
        format!("curl \"https://grok.com\" -H \"Cookie: sso={JWT}; x=y\""),
        format!("curl.exe ^\"https://grok.com^\" -b ^\"sso={JWT}; x=^%^22y^\""),
    ] {
        assert_eq!(found(&line), [(1, JWT.to_owned())], "{line}");
    }
}

#[test]
fn a_command_over_several_lines_is_one_account() {
    let text = format!(
        "# mine\ncurl 'https://grok.com' \\\n  -H $'user-agent: it\\'s' \\\n  -b 'sso={JWT}' \\\n  \
         --data-raw '{{}}'\nother-token-1\n"
    );
    assert_eq!(
        found(&text),
        [(2, JWT.to_owned()), (6, "other-token-1".to_owned())]
    );
}

#[test]
fn what_cannot_be_a_cookie_is_refused_with_its_line_and_reason() {
    use RefusedReason::{Code, Fragment, Json, NoSsoCookie};
    for (line, reason) in [
        ("<script>alert(1)</script>", Code),
        ("console.log(document.cookie)", Code),
        ("\"token\": \"eyJhbGciOi.abc\",", Fragment),
        ("{\"token\": \"eyJhbGciOi", Json { column: 21 }),
        ("sso-rw=eyJhbGciOi.abc", NoSsoCookie),
        ("cookie: a=b; cf_clearance=c", NoSsoCookie),
        ("curl 'https://grok.com'", NoSsoCookie),
    ] {
        assert_eq!(refused(&format!("\n{line}")), [(2, reason)], "{line}");
    }
    let short = RefusedReason::Credential(CredentialError::TooShort(3));
    assert_eq!(refused("abc"), [(1, short)]);
    assert_eq!(refused("eyJ\u{fffd}hbGciOi").len(), 1);
}

#[test]
fn doubt_is_not_refusal_and_a_token_comes_once() {
    let list = read("some-other-thing\neyJhbGciOi.abc\nsso=eyJhbGciOi.abc\n");
    let doubts: Vec<_> = list
        .accounts
        .iter()
        .map(ListedAccount::is_doubtful)
        .collect();
    assert_eq!((doubts, list.duplicates), (vec![true, false], 1));
}

#[test]
fn files_of_the_products_keep_tier_tags_and_note() {
    let list = read(
        "{\n \"ssoBasic\": [\n  {\"token\": \"sso=cookie-0001\", \"tags\": [\"nsfw\"], \"note\": \"team A\"},\n  \
         \"cookie-0002\", 7\n ],\n \"ssoSuper\": [\"cookie-0003\"]\n}",
    );
    let told = |one: &ListedAccount| (one.line, one.tier, one.tags.join(","), one.note.clone());
    let each: Vec<_> = list.accounts.iter().map(told).collect();
    assert_eq!(
        each,
        [
            (3, Some(Tier::Basic), "nsfw".to_owned(), "team A".to_owned()),
            (4, Some(Tier::Basic), String::new(), String::new()),
            (6, Some(Tier::Super), String::new(), String::new()),
        ]
    );
    assert_eq!(
        list.refused[0].to_string(),
        "ssoBasic[2]: it is neither a text nor an object"
    );

    let go = read(
        r#"{"provider": "grok", "accounts": [{"name": "Ann", "email": "ann@example.com",
        "user_id": "u", "sso_token": "cookie-0004", "tier": "heavy", "cloudflare_cookies": "a=b"}]}"#,
    );
    let one = &go.accounts[0];
    assert_eq!(
        (one.tier, one.credential.expose()),
        (Some(Tier::Heavy), "cookie-0004")
    );
    assert!(one.note.contains("Ann") && one.note.contains("ann@example.com"));
}

#[test]
fn an_account_that_is_switched_off_stays_so_with_its_age_and_its_uses() {
    let list = read(
        r#"{"ssoBasic": [{"token": "cookie-0001", "status": "Disabled", "created_at": 1770000000000,
        "use_count": 7}, {"token": "cookie-0002", "status": "expired"}]}"#,
    );
    let told = |one: &ListedAccount| (one.is_disabled, one.created_at_ms, one.use_count);
    let told: Vec<_> = list.accounts.iter().map(told).collect();
    assert_eq!(told, [(true, Some(1_770_000_000_000), 7), (false, None, 0)]);
    let table = read("token,status\ncookie-0001,disabled\n");
    assert!(table.accounts[0].is_disabled);
}

#[test]
fn of_the_cookies_of_a_browser_the_accounts_is_taken() {
    let exported = r#"[{"domain": ".grok.com", "name": "cf_clearance", "value": "x"},
        {"domain": ".grok.com", "name": "sso", "value": "eyJexported.1"},
        {"domain": ".grok.com", "name": "sso-rw", "value": "eyJother.1"}]"#;
    assert_eq!(found(exported), [(2, "eyJexported.1".to_owned())]);
    let state = format!(r#"{{"cookies": {exported}, "origins": []}}"#);
    assert_eq!(found(&state).len(), 1);
    let without = r#"[{"name": "cf_clearance", "value": "x"}]"#;
    assert_eq!(refused(without), [(1, RefusedReason::NoSsoCookie)]);
}

#[test]
fn maps_of_cookies_to_what_is_known_are_read() {
    let list = read(
        r#"{"ssoNormal": {"cookie-0002": {"note": "hers"}, "cookie-0001": null},
        "ssoSuper": {"sso=cookie-0003": {"status": "disabled"}}}"#,
    );
    let told = |one: &ListedAccount| (one.credential.expose().to_owned(), one.tier);
    let told: Vec<_> = list.accounts.iter().map(told).collect();
    assert_eq!(
        told,
        [
            ("cookie-0002".to_owned(), Some(Tier::Basic)),
            ("cookie-0001".to_owned(), Some(Tier::Basic)),
            ("cookie-0003".to_owned(), Some(Tier::Super)),
        ]
    );
    assert_eq!(list.accounts[0].note, "hers");
    assert!(list.accounts[2].is_disabled);
}

#[test]
fn places_in_a_document_of_one_line_are_told_apart() {
    let list = read(r#"{"ssoBasic": ["cookie-0001", 5], "tokens": [{"note": "x"}]}"#);
    let places: Vec<_> = list.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        places,
        [
            "ssoBasic[1]: it is neither a text nor an object",
            "tokens[0]: there is no field with a token"
        ]
    );
    assert_eq!(
        read("[5]").refused[0].to_string(),
        "[0]: it is neither a text nor an object"
    );
    assert_eq!(
        read(r#"["cookie-0001" "cookie-0002"]"#).refused[0].to_string(),
        "line 1: the JSON is not valid from column 16 on"
    );
    for nothing in ["", " \n", "# mine\n", "[]", r#"{"ssoBasic": []}"#] {
        assert_eq!(
            refused(nothing),
            [(1, RefusedReason::Nothing)],
            "{nothing:?}"
        );
    }
}

#[test]
fn lists_and_single_objects_are_read() {
    assert_eq!(
        found("[\"cookie-0001\",\n {\"sso\": \"cookie-0002\", \"pool\": \"super\"}]"),
        [(1, "cookie-0001".to_owned()), (2, "cookie-0002".to_owned())]
    );
    assert_eq!(found("{\"sso_token\": \"cookie-0001\"}").len(), 1);
    assert_eq!(refused("{\"hello\": 1}"), [(1, RefusedReason::NoAccounts)]);
    assert_eq!(
        refused("[{\"name\": \"x\"}]"),
        [(1, RefusedReason::NoToken)]
    );
    let lines = "{\"token\": \"cookie-0001\"}\n{\"token\": \"cookie-0002\"}\n";
    assert_eq!(found(lines).len(), 2);
}

#[test]
fn of_a_broken_list_the_whole_lines_are_read() {
    let list = read("[\n\"cookie-0001\",\n\"cookie-0002\"\n\"cookie-0003\"\n");
    assert_eq!(list.accounts.len(), 3);
    assert_eq!(
        list.refused,
        [Refused {
            line: 4,
            entry: None,
            reason: RefusedReason::Json { column: 1 }
        }]
    );
}

#[test]
fn tables_are_read_by_their_header() {
    let list = read(
        "Email,Token,Tier,Tags,Note\r\nann@example.com,cookie-0001,super,\"a, b\",\"says \"\"hi\"\"\nand more\"\r\n\
         bob@example.com,,,,\r\n,sso=cookie-0002; x=y,,,\r\n",
    );
    let [one, two] = &list.accounts[..] else {
        panic!("{list:?}");
    };
    assert_eq!((one.line, one.tier), (2, Some(Tier::Super)));
    assert_eq!(one.tags, ["a", "b"]);
    assert_eq!(one.note, "ann@example.com · says \"hi\" and more");
    assert_eq!((two.line, two.credential.expose()), (5, "cookie-0002"));
    assert_eq!(
        list.refused[0].to_string(),
        "line 4: the row has no value in the column of tokens"
    );
    assert_eq!(found("token\ncookie-0001\n").len(), 1);
    assert_eq!(found("tier;token\nsuper;cookie-0001\n").len(), 1);
}

#[test]
fn what_is_kept_of_nonsense_is_bounded() {
    let list = read(&"<\n".repeat(30_000));
    assert_eq!(
        (list.refused.len(), list.refused_count),
        (MAX_REFUSED, 30_000)
    );
    let long = format!(
        "[{{\"token\": \"cookie-0001\", \"note\": \"{}\"}}]",
        "é".repeat(2_000)
    );
    assert_eq!(
        read(&long).accounts[0].note,
        "é".repeat(crate::MAX_NOTE_CHARS)
    );
}

/// Lines that look like something.
fn odd_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._=-]{0,40}",
        "(sso=|cookie: |curl |\\{|\\[|\"|token,|<){1,4}[ -~]{0,40}",
        "curl [-'\"^\\\\bH$ a-z=;]{0,60}",
        "\\PC{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_report(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let list = read_account_list(&bytes);
        prop_assert!(list.refused.len() <= list.refused_count);
    }

    #[test]
    fn any_lines_are_a_report_and_each_account_could_be_a_cookie(
        lines in proptest::collection::vec(odd_line(), 0..30)
    ) {
        let list = read(&lines.join("\n"));
        for one in &list.accounts {
            prop_assert!(one.line >= 1 && one.line <= lines.len().max(1));
            prop_assert!(!one.credential.expose().contains(NEVER_IN_A_COOKIE));
            prop_assert!(one.credential.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
