//! Which URLs and options are taken, and that none shows its password.

use crm_core::ViolationCode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

#[test]
fn a_wrong_url_or_option_is_named_without_its_password() {
    let cases = [
        (Builder::new("mysql://u:secret@h/d"), "url"),
        (Builder::new("postgres://u:secret@h:port/d"), "url"),
        (Builder::new("postgres://u:secret@h/d?sslmod=require"), "url"),
        (Builder::new("postgres://u:not?secret@h/d"), "url"),
        (Builder::new("postgres://u:1?secret=2@h/d"), "url"),
        (Builder::new("postgres://h/d?password=not&secret=1"), "url"),
        (Builder::new("postgres://h/d?password=not#secret"), "url"),
        (Builder::new("postgres://u:1/secret@h/d"), "url"),
        (Builder::new("postgres://u:1#secret@h/d"), "url"),
        (Builder::new("postgres:u:secret@h/d"), "url"),
        (Builder::new("postgres://u%00options%00-c%20role=x:secret@h/d"), "url"),
        (Builder::new("postgres://u%0\n0options%0\t0-c%20role=x:secret@h/d"), "url"),
        (Builder::new("postgres://u:secret@h/d?application_name=%00"), "url"),
        (Builder::new(format!("postgres://u:secret@h/{}", "d".repeat(10_000))), "url"),
        (Builder::new("postgres://u:secret@h/d?sslmode=verify_full"), "url"),
        (Builder::new("postgres://u:secret@h1,h2:port/d"), "url"),
        (Builder::new("postgres://u:1?host=secret@h1,h2/d"), "url"),
        (Builder::new("postgres://u:1?port=2,secret@h/d"), "url"),
        (Builder::new("postgres://u:secret@h1,h2/d?port=1,2,3"), "url"),
        (Builder::new("postgres://u:secret@h/d?sslpassword=secret"), "url"),
        (Builder::new("postgres://u:secret@h/d?connection_limit=secret"), "url"),
        (Builder::new("postgres://u:secret@h/d?connection_limit=2").min_connections(3), "min_connections"),
        (Builder::new("postgres://u:secret@h/d?target_session_attrs=master"), "url"),
        (Builder::new("postgres://u@h/d").replica("postgres://u:not?secret@h/d"), "replica"),
        (Builder::new("postgres://u:secret@h/d").max_staleness(Duration::ZERO), "max_staleness"),
        (Builder::new("postgres://u:secret@h/d").max_connections(0), "max_connections"),
        (Builder::new("postgres://u:secret@h/d").min_connections(11), "min_connections"),
        (Builder::new("postgres://u:secret@h/d").concurrent_hashings(0), "concurrent_hashings"),
        (
            Builder::new("postgres://u:secret@h/d").statement_timeout(Duration::from_micros(900)),
            "statement_timeout",
        ),
        (Builder::new("postgres://u:secret@h/d").application_name("a\0"), "application_name"),
        (Builder::new("postgres://u:secret@h/d").application_name("a".repeat(10_000)), "application_name"),
    ];
    for (builder, field) in cases {
        let error = builder.address().and_then(|_| builder.replica_address(Hints::default())).err().unwrap();
        assert_eq!(error.violations()[0].field, field);
        assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
        assert!(!format!("{error} {error:?} {builder:?}").contains("secret"));
    }
}

#[test]
fn a_line_break_behind_a_url_does_no_harm() {
    let address = Builder::new("postgres://u:secret@h/d\r\n").address().ok().unwrap();
    assert_eq!(address.servers[0].get_database(), Some("d"));
}

#[test]
fn what_the_caller_sets_counts_before_what_a_url_says() {
    let url = "postgres://u@h/d?connection_limit=3&pool_timeout=4&socket_timeout=5&pgbouncer=true&statement_timeout=6";
    let settings = |builder: Builder| builder.settings(builder.address().ok().unwrap().hints);
    let read = settings(Builder::new(url));
    assert_eq!((read.max_connections, read.prepared_statements), (3, Some(false)));
    let seconds = Duration::from_secs;
    assert_eq!((read.acquire_timeout, read.call_timeout), (seconds(4), seconds(5)));
    let set = Builder::new(url)
        .max_connections(10)
        .acquire_timeout(seconds(30))
        .call_timeout(seconds(60))
        .statement_timeout(seconds(1))
        .prepared_statements(true);
    assert!(set.address().ok().unwrap().servers[0].get_options().unwrap().contains("statement_timeout=1000"));
    let set = settings(set);
    assert_eq!((set.max_connections, set.prepared_statements), (10, Some(true)));
    assert_eq!((set.acquire_timeout, set.call_timeout), (seconds(30), seconds(60)));
    let usual = settings(Builder::new("postgres://u@h/d"));
    assert_eq!((usual.max_connections, usual.prepared_statements), (10, None));
    assert!(
        read.min_connections == 0
            && Builder::new(url).address().ok().unwrap().servers[0]
                .get_options()
                .unwrap()
                .contains("statement_timeout=6")
    );
}

/// What URLs are made of, what stands between, and what is taken out or decoded on the way.
const PIECES: &[&str] = &[
    "postgres://",
    "postgresql://",
    "u",
    "user:",
    "word",
    "@",
    "@@",
    ":",
    "h",
    "localhost",
    "[::1]",
    "[",
    ":5432",
    ":99999",
    "/",
    "/db",
    "?",
    "&",
    "=",
    "#",
    "%",
    "%00",
    "%0",
    "0",
    "%2F",
    "%40",
    "%3F",
    "%23",
    "%77ord",
    "%ff",
    "\t",
    "\n",
    "\r",
    " ",
    "\0",
    "\\",
    "sslmode=",
    "ssl-mode=",
    "require",
    "verify-full",
    "host=",
    "hostaddr=",
    "127.0.0.1",
    "port=",
    ",",
    "target_session_attrs=",
    "jdbc:",
    "postgresql+psycopg://",
    "channel_binding=",
    "sslrootcert=system",
    "ssl=true",
    "sslpassword=",
    "connection_limit=",
    "connect_timeout=",
    "load_balance_hosts=random",
    "pgbouncer=true",
    "unknown=",
    "read-write",
    "dbname=",
    "user=",
    "password=",
    "application_name=",
    "options=",
    "options[",
    "]",
    "options[statement_timeout]=",
    "statement-cache-capacity=",
    "sslrootcert=",
    "1",
    "99999999999999999999",
    "\u{e9}",
    "\u{200b}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_url_is_read_or_refused_without_a_secret(
        whole in any::<bool>(),
        pieces in vec(prop_oneof![12 => select(PIECES).prop_map(str::to_owned), 1 => any::<String>()], 0..12),
    ) {
        let start = if whole { "postgres://u:secret@h/d" } else { "" };
        let builder = Builder::new(format!("{start}{}", pieces.concat()));
        match builder.address() {
            Ok(address) => {
                for options in address.servers {
                    let known = [Some(options.get_username()), options.get_database(), options.get_application_name(), options.get_options()];
                    prop_assert!(known.iter().flatten().all(|text| !text.contains('\0')), "the server would read on behind it");
                }
            }
            Err(error) => {
                prop_assert_eq!(error.violations().len(), 1);
                prop_assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
                let told = format!("{error} {error:?} {builder:?}");
                prop_assert!(!told.contains("secret"), "{}", told);
            }
        }
    }

    #[test]
    fn no_piece_of_a_password_that_is_not_encoded_is_shown(
        before in vec(select(PIECES), 0..6),
        after in vec(select(PIECES), 0..6),
        in_query in any::<bool>(),
    ) {
        let password = format!("{}secret{}", before.concat(), after.concat());
        let url = if in_query {
            format!("postgres://h/d?user=u&password={password}")
        } else {
            format!("postgres://u:{password}@h/d")
        };
        let told = format!("{:?}", Builder::new(url).address().err());
        prop_assert!(!told.contains("secret"), "{}", told);
    }

    #[test]
    fn a_long_url_is_read_or_refused(
        start in select(vec!["postgres://", "postgres://u:secret@h/d?", "postgres://h/d?password=secret&"]),
        piece in select(PIECES),
        other in select(PIECES),
        count in 1_000_usize..40_000,
    ) {
        let builder = Builder::new(format!("{start}{}", format!("{piece}{other}").repeat(count)));
        let told = format!("{:?}", builder.address().err());
        prop_assert!(!told.contains("secret"), "{}", told);
    }

    #[test]
    fn a_password_that_is_percent_encoded_is_never_shown(password in "[!-~ \u{e9}\t\n]{6,20}", query in "([a-z]{0,9}=?[a-z&]{0,9}){0,2}") {
        let encoded: String = password.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).map(char::from).collect();
        let builder = Builder::new(format!("postgres://app:{encoded}@db.example/app?{query}"));
        let told = format!("{builder:?} {:?}", builder.address().err());
        prop_assert!(!told.contains(&password) && !told.contains(&encoded), "{}", told);
    }
}
