//! Which URLs are read, as what, and which are refused without a secret.

use super::*;

const NOTHING: Environment<'_> = Environment::Given(&[]);

fn read(url: &str) -> Result<Address> {
    Address::read(url, "url", NOTHING, None)
}

fn one(url: &str) -> PgConnectOptions {
    let mut address = read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    assert_eq!(address.servers.len(), 1, "{url}");
    address.servers.remove(0)
}

fn mode(url: &str) -> String {
    format!("{:?}", one(url).get_ssl_mode())
}

fn refusal(url: &str) -> String {
    let error = read(url).err().unwrap_or_else(|| panic!("{url} is read"));
    assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
    error.to_string()
}

#[test]
fn hosts_and_ports_are_read_as_libpq_reads_them() {
    let cases = [
        ("postgres://u:pw@h1:6001,h2:6002/db", "h1:6001,h2:6002"),
        ("postgres://h1,h2:6002,h3/db", "h1:5432,h2:6002,h3:5432"),
        ("postgres://u:p,w@h1:6001,[::1]:6002,[fe80::1]/db", "h1:6001,::1:6002,fe80::1:5432"),
        ("postgres://[::1]:6001/db", "::1:6001"),
        ("postgres:///db?host=h1,h2&port=6001,6002", "h1:6001,h2:6002"),
        ("postgres:///db?host=h1,h2,h3&port=6001", "h1:6001,h2:6001,h3:6001"),
        ("postgres:///db?host=h1%2Ch2&port=6001%2c6002", "h1:6001,h2:6002"),
        ("postgres:///db?hostaddr=127.0.0.1,::1&port=,6002", "127.0.0.1:5432,::1:6002"),
        ("postgres://h1,h2/db?hostaddr=127.0.0.1,127.0.0.2", "127.0.0.1:5432,127.0.0.2:5432"),
        ("postgres:///db?host=/d1,/d2&user=u", "/d1,/d2"),
        ("postgres://%2Fd1,h2/db", "/d1,h2:5432"),
        ("postgres://u:pw@/db?host=/cloudsql/project:region:instance", "/cloudsql/project:region:instance"),
        ("postgres://u:pw@%2Fcloudsql%2Fproject%3Aregion%3Ainstance/db", "/cloudsql/project:region:instance"),
        ("postgres://u@h0:6001,h9:6002/db?host=h1,h2", "h1:6001,h2:6002"),
        ("postgres://h1,h2/db?port=6001&host=h3", "h3:6001"),
        ("  postgres://h1/db\r\n", "h1:5432"),
    ];
    for (url, expected) in cases {
        assert_eq!(read(url).ok().map(|address| address.targets()).as_deref(), Some(expected), "{url}");
    }
    // Nobody has a socket of this port.
    assert_eq!(read("postgres://u@h1,:64999/db").ok().unwrap().targets(), "h1:5432,localhost:64999");
    for url in [
        "postgres://h1,h2/db?port=1,2,3",
        "postgres://h1/db?port=1,2",
        "postgres://h1,h2:x/db",
        "postgres://h1:0/db",
        "postgres://h1,h2/db?hostaddr=127.0.0.1",
        "postgres:///db?hostaddr=h1",
        "postgres://[::1/db",
        "postgres://[]/db",
        "postgres://[::1]z/db",
        &format!("postgres://{}/db", "h,".repeat(64)),
    ] {
        refusal(url);
    }
}

#[test]
fn the_servers_of_a_url_differ_in_host_and_port_alone() {
    let url = "postgres://u%40x:p%2Cw@h1,h2/d,b?sslmode=verify-full&application_name=a,b&target_session_attrs=primary";
    let address = read(url).ok().unwrap();
    assert_eq!((address.servers.len(), address.wanted), (2, Wanted::Primary));
    for server in &address.servers {
        assert_eq!((server.get_username(), server.get_database()), ("u@x", Some("d,b")));
        assert_eq!(server.get_application_name(), Some("a,b"));
        assert!(matches!(server.get_ssl_mode(), PgSslMode::VerifyFull));
    }
}

#[test]
fn a_text_is_decoded_as_libpq_decodes_it() {
    use sqlx::ConnectOptions as _;
    let server = one("postgres://h/d?user=a+b%2b&password=50%25+%zz&application_name=%C3%A9");
    assert_eq!((server.get_username(), server.get_application_name()), ("a+b+", Some("\u{e9}")));
    let url = server.to_url_lossy();
    assert_eq!(decode(url.password().unwrap()).as_deref(), Some("50%+%zz"));
    refusal("postgres://%ff@h/d");
}

#[test]
fn each_attribute_has_the_servers_that_libpq_gives_it() {
    // A primary, one that is set to be read-only, a standby.
    let servers = [(false, false), (false, true), (true, true)];
    let cases = [
        ("any", [true, true, true]),
        ("read-write", [true, false, false]),
        ("read-only", [false, true, true]),
        ("primary", [true, true, false]),
        ("standby", [false, false, true]),
        ("prefer-standby", [false, false, true]),
    ];
    for (name, fits) in cases {
        let wanted = read(&format!("postgres://h/d?target_session_attrs={name}")).ok().unwrap().wanted;
        assert_eq!(servers.map(|(recovery, read_only)| wanted.misfit(recovery, read_only).is_none()), fits);
    }
    assert_eq!(read("postgres://h/d").ok().unwrap().wanted, Wanted::Any);
    let jdbc = read("jdbc:postgresql://h1,h2/d?targetServerType=preferSecondary").ok().unwrap();
    assert_eq!(jdbc.wanted, Wanted::PreferStandby);
}

#[test]
fn tls_is_what_libpq_makes_of_the_parameters_or_more() {
    for (parameters, expected) in [
        ("", "Prefer"),
        ("sslmode=require", "Require"),
        ("requiressl=1", "Require"),
        ("sslmode=no-verify", "Require"),
        ("ssl=true", "Require"),
        ("ssl=no-verify", "Require"),
        ("ssl=verify-full", "VerifyFull"),
        ("ssl=false", "Disable"),
        ("ssl=true&sslmode=verify-ca", "VerifyCa"),
        ("sslmode=require&channel_binding=require", "VerifyFull"),
        ("sslmode=require&channel_binding=prefer", "Require"),
        ("sslmode=require&sslaccept=strict", "VerifyFull"),
        ("sslmode=require&sslaccept=accept_invalid_certs", "Require"),
        ("sslmode=require&sslrootcert=/ca.pem", "VerifyCa"),
        ("sslmode=verify-full&sslrootcert=/ca.pem", "VerifyFull"),
        ("sslrootcert=/ca.pem", "Prefer"),
        ("sslrootcert=system", "VerifyFull"),
        ("sslmode=verify-full&sslrootcert=system", "VerifyFull"),
    ] {
        assert_eq!(mode(&format!("postgres://u@h/d?{parameters}")), expected, "{parameters}");
    }
    assert_eq!(mode("jdbc:postgresql://h/d?user=u&ssl=true"), "VerifyFull");
    let trusting = "jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory";
    assert_eq!(mode(trusting), "Require");
    for parameters in [
        "sslmode=disable&channel_binding=require",
        "sslmode=require&sslrootcert=system",
        "sslcertmode=disable&sslcert=/c.pem&sslkey=/k.pem",
        "sslcertmode=require",
        "hostaddr=127.0.0.1&sslmode=verify-full",
        "sslmode=",
        "sslmode=verify_full",
    ] {
        refusal(&format!("postgres://u@h/d?{parameters}"));
    }
    let url = "postgres://u@h/d?channel_binding=require&sslmode=require";
    let address = Address::read(url, "url", NOTHING, Some(PgSslMode::Require)).ok().unwrap();
    assert!(matches!(address.servers[0].get_ssl_mode(), PgSslMode::Require), "the option counts");
    let option = Some(PgSslMode::Require);
    assert!(Address::read("postgres://u@h/d?sslrootcert=system", "url", NOTHING, option).is_err());
}

#[test]
fn a_unix_socket_has_no_tls_whatever_is_said() {
    for given in ["require", "verify-full", "prefer"] {
        assert_eq!(mode(&format!("postgres://u@/d?host=/socket&sslmode={given}")), "Disable");
        let variables = [("PGSSLMODE", given), ("PGHOST", "/socket")];
        let address = Address::read("postgres://u@/d", "url", Environment::Given(&variables), None);
        assert!(matches!(address.ok().unwrap().servers[0].get_ssl_mode(), PgSslMode::Disable));
    }
    let both = read("postgres://u@/d?host=/socket,h&sslmode=require").ok().unwrap();
    let modes: Vec<_> = both.servers.iter().map(|server| format!("{:?}", server.get_ssl_mode())).collect();
    assert_eq!(modes, ["Disable", "Require"]);
    assert!(refusal("postgres://u@/d?host=/socket&channel_binding=require").contains("channel_binding"));
}

#[test]
fn the_environment_says_what_the_url_does_not_as_in_libpq() {
    let variables = [
        ("PGHOST", "h9"),
        ("PGHOSTADDR", "127.0.0.9"),
        ("PGPORT", "6009"),
        ("PGUSER", "u9"),
        ("PGDATABASE", "d9"),
        ("PGAPPNAME", "a9"),
        ("PGSSLMODE", "verify-ca"),
        ("PGCONNECT_TIMEOUT", "9"),
        ("PGTARGETSESSIONATTRS", "read-only"),
        ("PGSERVICE", "other"),
        ("PGCLIENTENCODING", "LATIN1"),
    ];
    let read = |url| Address::read(url, "url", Environment::Given(&variables), None).ok().unwrap();
    let address = read("postgres://");
    let server = &address.servers[0];
    assert_eq!(address.targets(), "127.0.0.9:6009");
    assert_eq!((server.get_username(), server.get_database()), ("u9", Some("d9")));
    assert_eq!(server.get_application_name(), Some("a9"));
    assert!(matches!(server.get_ssl_mode(), PgSslMode::VerifyCa));
    assert_eq!((address.wanted, address.connect_timeout), (Wanted::ReadOnly, Some(Duration::from_secs(9))));
    let said =
        "postgres://u@h:6001/d?sslmode=disable&application_name=a&connect_timeout=0&target_session_attrs=any";
    let address = read(said);
    let server = &address.servers[0];
    assert_eq!(address.targets(), "h:6001");
    assert_eq!((server.get_username(), server.get_database()), ("u", Some("d")));
    assert_eq!(server.get_application_name(), Some("a"));
    assert!(matches!(server.get_ssl_mode(), PgSslMode::Disable));
    assert_eq!((address.wanted, address.connect_timeout), (Wanted::Any, None));

    for (url, mode) in [
        ("postgres://h/d?ssl=true", "require"),
        ("postgres://h/d?ssl=verify-full", "verify-full"),
        ("postgres://h/d?sslaccept=strict", "verify-full"),
        ("jdbc:postgresql://h/d?user=u&ssl=true", "verify-full"),
    ] {
        for (name, value) in [("PGSSLMODE", "disable"), ("PGSSLMODE", "no-verify"), ("PGREQUIRESSL", "0")] {
            let address = Address::read(url, "url", Environment::Given(&[(name, value)]), None).ok().unwrap();
            let expected: PgSslMode = mode.parse().unwrap();
            let found = address.servers[0].get_ssl_mode();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{url} with {name}={value}");
        }
    }

    for (name, value, shown) in [
        ("PGSSLMODE", "yes", true),
        ("PGREQUIREAUTH", "scram-sha-256", true),
        ("PGGSSENCMODE", "require", true),
        ("PGSSLCRL", "/crl.pem", true),
        ("PGPORT", "many", true),
        ("PGSSLMODE", "", false),
        ("PGGSSENCMODE", "prefer", false),
    ] {
        let error =
            Address::read("postgres://u@h/d", "url", Environment::Given(&[(name, value)]), None).err();
        assert_eq!(error.is_some(), shown, "{name}={value}");
        assert!(error.is_none_or(|error| error.to_string().contains(name)), "{name}={value}");
    }
}

#[test]
fn a_url_alone_leads_where_it_says() {
    let url = "postgres://postgres@localhost:5432/crm?host=/tmp/crm-0";
    let address = Address::read(url, "url", Environment::Ignored, None).ok().unwrap();
    let server = &address.servers[0];
    assert_eq!((server.get_username(), server.get_database()), ("postgres", Some("crm")));
    assert_eq!(address.targets(), "/tmp/crm-0");
    assert!(matches!(server.get_ssl_mode(), PgSslMode::Disable));
    // What the variable PGOPTIONS has led to.
    let options = without_variable(PgConnectOptions::new_without_pgpass().options([("role", "nobody")]));
    assert_eq!(session_options(&options), "");
    assert_eq!(session_options(&options.options([("a", "b")])).trim(), "-c a=b");
    assert_eq!(session_options(&PgConnectOptions::new_without_pgpass().options([("a", "b")])), "-c a=b");
}

#[test]
fn schemes_of_others_are_taken() {
    for scheme in [
        "postgres",
        "postgresql",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+asyncpg",
        "postgres+pg8000",
        "jdbc:postgresql",
    ] {
        assert_eq!(one(&format!("{scheme}://u:pw@h/d")).get_database(), Some("d"), "{scheme}");
    }
    for scheme in ["mysql", "postgresqlx", "postgresql+a-b", "http", "jdbc:mysql", "file"] {
        assert!(refusal(&format!("{scheme}://u:pw@h/d")).contains("must begin with"), "{scheme}");
    }
}

#[test]
fn what_others_say_of_the_pool_counts() {
    let hints = |parameters: &str| read(&format!("postgres://u@h/d?{parameters}")).ok().unwrap().hints;
    assert_eq!(hints("schema=public&keepalives=1&keepalives_idle=30&client_encoding=utf8"), Hints::default());
    let prisma =
        hints("pgbouncer=true&connection_limit=5&pool_timeout=20&socket_timeout=7&statement_timeout=900");
    assert_eq!(
        prisma,
        Hints {
            max_connections: Some(5),
            acquire_timeout: Some(Duration::from_secs(20)),
            call_timeout: Some(Duration::from_secs(7)),
            statement_timeout: Some(Duration::from_millis(900)),
            prepared_statements: Some(false),
        }
    );
    for never in ["statement_cache_size=0", "prepared_statement_cache_size=0", "prepareThreshold=0"] {
        assert_eq!(hints(never).prepared_statements, Some(false), "{never}");
    }
    for some in ["pgbouncer=false", "statement_cache_size=100", "prepareThreshold=5"] {
        assert_eq!(hints(some).prepared_statements, None, "{some}");
    }
    assert_eq!(hints("pool_timeout=0").acquire_timeout, Some(Duration::from_secs(u32::MAX.into())));
    for wrong in ["connection_limit=0", "connection_limit=many", "pool_timeout=-1", "connect_timeout=1.5"] {
        assert!(refusal(&format!("postgres://u@h/d?{wrong}")).contains(wrong.split('=').next().unwrap()));
    }
    let name = one("postgres://u@h/d?fallback_application_name=psql");
    assert_eq!(name.get_application_name(), Some("psql"));
    let name = one("postgres://u@h/d?ApplicationName=mine&fallback_application_name=psql");
    assert_eq!(name.get_application_name(), Some("mine"));
}

#[test]
fn hosts_may_be_taken_in_any_order() {
    let hosts: Vec<_> = (0..50).map(|number| format!("h{number}:5432")).collect();
    let url = format!("postgres://u@{}/d?load_balance_hosts=random", hosts.join(","));
    let mut found: Vec<_> = read(&url).ok().unwrap().targets().split(',').map(str::to_owned).collect();
    // They stay in order once in 50! times.
    assert_ne!(found, hosts);
    let mut sorted = hosts;
    sorted.sort();
    found.sort();
    assert_eq!(found, sorted);
}

#[test]
fn what_the_driver_cannot_do_is_refused_by_its_name() {
    for parameter in [
        "passfile=/p",
        "require_auth=scram-sha-256",
        "client_encoding=LATIN1",
        "replication=database",
        "gssencmode=require",
        "sslnegotiation=direct",
        "sslkeylogfile=/k",
        "sslpassword=hush-4711",
        "sslcrl=/c",
        "sslcrldir=/c",
        "sslsni=0",
        "requirepeer=postgres",
        "ssl_min_protocol_version=TLSv1.3",
        "ssl_max_protocol_version=TLSv1.2",
        "min_protocol_version=3.2",
        "scram_client_key=hush-4711",
        "scram_server_key=hush-4711",
        "service=hush-4711",
        "servicefile=/s",
        "oauth_client_secret=hush-4711",
        "sslidentity=/i",
        "targetServerType=preferPrimary",
    ] {
        let message = refusal(&format!("postgres://u:hush-4711@h/d?{parameter}"));
        assert!(message.contains(parameter.split('=').next().unwrap()), "{message}");
        assert!(!message.contains("hush-4711"), "{message}");
    }
    for parameter in [
        "sslnegotiation=postgres&sslcompression=1&sslsni=1&gssencmode=prefer&krbsrvname=p&gssdelegation=0&replication=false",
        "ssl_min_protocol_version=TLSv1.2&ssl_max_protocol_version=TLSv1.3&max_protocol_version=latest",
        "sslcrl=&require_auth=&service=",
        "tcp_user_timeout=1000&keepalives_interval=1&keepalives_count=3",
    ] {
        one(&format!("postgres://u@h/d?{parameter}"));
    }
}

#[test]
fn an_unknown_parameter_is_named_unless_it_may_be_a_piece_of_a_password() {
    for (url, shown) in [
        ("postgres://u:pw@h/d?sslmod=require", "sslmod"),
        ("postgres://h/d?user=u&Sslmode=require", "Sslmode"),
        ("postgres://u:pw@h/d?sslmode=require&application-name=x", "application-name"),
    ] {
        assert!(refusal(url).contains(&format!("parameter {shown};")), "{url}");
    }
    for url in [
        "postgres://u:not?secret@h/d",
        "postgres://u:1?secret=2@h/d",
        "postgres://u:1?a=1&secret=2@h/d",
        "postgres://u:1?application_name=secret@h/d",
        "postgres://h/d?password=not&secret=1",
        "postgres://h/d?password=not&secret",
        "postgres://h/d?password=a&sslmode=secret",
        "postgres://u:pw@h/d?se cret=1",
        "postgres://u:pw@h/d?1secret=1",
        &format!("postgres://u:pw@h/d?secret{}=1", "x".repeat(50)),
    ] {
        let message = refusal(url);
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn the_guide_shows_urls_that_are_read() {
    // A URL as a provider hands it out, and what it leads to.
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/production.md");
    // It is not in the package that is published.
    let Ok(guide) = std::fs::read_to_string(guide) else {
        assert!(!Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).exists(), "{guide}");
        return;
    };
    let (_, section) = guide.split_once("### URLs of providers").unwrap();
    let (_, block) = section.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let found: Vec<_> = block
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|url| {
            let address = read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            let server = &address.servers[0];
            let database = server.get_database().unwrap_or_default().to_owned();
            format!("{} {database} {:?}", address.targets(), server.get_ssl_mode())
        })
        .collect();
    let neon = "ep-cool-darkness-a1b2c3d4";
    let expected = [
        format!("{neon}.us-east-2.aws.neon.tech:5432 neondb VerifyFull"),
        format!("{neon}-pooler.us-east-2.aws.neon.tech:5432 neondb VerifyFull"),
        "db.abcdefghijklmnopqrst.supabase.co:5432 postgres Prefer".to_owned(),
        "aws-0-eu-central-1.pooler.supabase.com:5432 postgres Prefer".to_owned(),
        "aws-0-eu-central-1.pooler.supabase.com:6543 postgres Prefer".to_owned(),
        "aws-0-eu-central-1.pooler.supabase.com:6543 postgres Prefer".to_owned(),
        "mydb.abc123def456.eu-central-1.rds.amazonaws.com:5432 app VerifyFull".to_owned(),
        "myserver.postgres.database.azure.com:5432 postgres Require".to_owned(),
        "/cloudsql/my-project:europe-west3:my-instance app Disable".to_owned(),
        "ec2-54-225-92-1.compute-1.amazonaws.com:5432 d6fe43u3livkhu Prefer".to_owned(),
        "pgbouncer.abc123.flympg.net:5432 fly-db Prefer".to_owned(),
        "direct.abc123.flympg.net:5432 fly-db Prefer".to_owned(),
        "my-db.flycast:5432 my_app Disable".to_owned(),
        "pg-1234-my-project.a.aivencloud.com:12691 defaultdb Require".to_owned(),
    ];
    assert_eq!(found, expected);
    let pooled = block.lines().find(|line| line.contains("pgbouncer=true")).unwrap();
    assert_eq!(read(pooled).ok().unwrap().hints.prepared_statements, Some(false));
}
