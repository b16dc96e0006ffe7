//! TLS: who is let in, who is refused, and that nothing falls back to plain text.
//!
//! Each server is a real one with a certificate made for the test. Beside a refusal stands a connection that the same
//! server accepts, so that it is the certificate that is refused and not the server that is away.

mod certificate;
mod server;

use std::error::Error as _;

use crm_core::{ErrorCode, NewCustomer, Repositories, Validate};
use crm_postgres::{Builder, Crm, PgSslMode};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection as _, PgConnection};

use certificate::{Authority, Identity};
use server::{PASSWORD, Server};

/// Tells whether the library's connection is encrypted, as the server sees it.
async fn encrypts(server: &Server, builder: Builder) -> bool {
    let crm = builder.connect().await.unwrap();
    let mut observer = PgConnection::connect(&server.url("localhost", "sslmode=disable")).await.unwrap();
    let ssl = sqlx::query_scalar(
        "select ssl from pg_stat_ssl join pg_stat_activity using (pid)
        where application_name = 'crm' order by backend_start desc limit 1",
    )
    .fetch_one(&mut observer)
    .await
    .unwrap();
    observer.close().await.unwrap();
    crm.close().await;
    ssl
}

/// Expects that no connection comes about, for a reason that the message names and without the password, however often it is tried.
async fn refused(url: &str, reason: &str) {
    let error = Crm::connect(url).await.expect_err(reason);
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, false), "{error}");
    let message = error.to_string();
    assert!(message.contains(reason) && !message.contains("is the server running"), "{message}");
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        assert!(!format!("{error} {error:?} {error:#?}").contains(PASSWORD));
        next = error.source();
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let server = Server::start(None).await;
    let url = server.url("localhost", "sslmode=disable");
    Crm::connect(&*url).await.unwrap();
    refused(&url.replace(PASSWORD, "Hush-4712"), "password authentication failed").await;
}

#[tokio::test]
async fn verify_full_lets_in_under_the_name_in_the_certificate_and_all_works() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.localhost())).await;
    let root = server.file("root.pem", &authority.pem());
    let url = server.url("localhost", &format!("sslmode=verify-full&sslrootcert={root}"));

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let ssl: bool = sqlx::query_scalar("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    assert!(ssl);

    assert!(encrypts(&server, Crm::builder(&*url)).await);
    let crm = Crm::connect(&*url).await.unwrap();
    crm.migrate().await.unwrap();
    let customers = crm.customers();
    let made = customers.create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    assert_eq!(customers.get(made.id).await.unwrap(), made);
    crm.close().await;
}

#[tokio::test]
async fn another_name_is_refused_by_verify_full_only() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.localhost())).await;
    let root = server.file("root.pem", &authority.pem());
    let full = server.url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}"));
    refused(&full, "not valid for name").await;
    let ca = server.url("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"));
    assert!(encrypts(&server, Crm::builder(ca)).await);
}

#[tokio::test]
async fn another_authority_of_the_same_name_and_an_unknown_one_are_refused() {
    let server = Server::start(Some(Authority::new().localhost())).await;
    let other = server.file("other.pem", &Authority::new().pem());
    for mode in ["verify-ca", "verify-full"] {
        let pinned = server.url("localhost", &format!("sslmode={mode}&sslrootcert={other}"));
        refused(&pinned, "invalid peer certificate").await;
        let unpinned = server.url("localhost", &format!("sslmode={mode}"));
        refused(&unpinned, "UnknownIssuer").await;
    }
    // As in libpq, who names a root has it looked at.
    let pinned = server.url("localhost", &format!("sslmode=require&sslrootcert={other}"));
    refused(&pinned, "invalid peer certificate").await;
    assert!(encrypts(&server, Crm::builder(server.url("localhost", "sslmode=require"))).await);
}

#[tokio::test]
async fn channel_binding_that_is_required_verifies_in_full() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.localhost())).await;
    let root = server.file("root.pem", &authority.pem());
    let url = |host, parameters: &str| {
        server.url(host, &format!("sslmode=require&channel_binding=require{parameters}"))
    };
    refused(&url("localhost", ""), "UnknownIssuer").await;
    refused(&url("127.0.0.1", &format!("&sslrootcert={root}")), "not valid for name").await;
    assert!(encrypts(&server, Crm::builder(url("localhost", &format!("&sslrootcert={root}")))).await);
    // The option says otherwise, and counts.
    let option = Crm::builder(url("localhost", "")).ssl_mode(PgSslMode::Require);
    assert!(encrypts(&server, option).await);
}

#[tokio::test]
async fn the_systems_roots_are_asked_for_by_name_and_verify_in_full() {
    let server = Server::start(Some(Authority::new().localhost())).await;
    for parameters in ["sslrootcert=system", "sslrootcert=system&sslmode=verify-full"] {
        refused(&server.url("localhost", parameters), "UnknownIssuer").await;
    }
    for mode in ["disable", "prefer", "require", "verify-ca"] {
        let url = server.url("localhost", &format!("sslrootcert=system&sslmode={mode}"));
        let error = Crm::connect(url).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Validation, "{mode}");
    }
    assert!(encrypts(&server, Crm::builder(server.url("localhost", "sslmode=require"))).await);
}

#[tokio::test]
async fn a_servers_certificate_that_signs_itself_is_its_own_root_unless_it_is_an_authoritys() {
    let identity = Authority::self_signed(false);
    let certificate = identity.certificate.clone();
    let server = Server::start(Some(identity)).await;
    let root = server.file("root.pem", &certificate);
    for mode in ["verify-ca", "verify-full"] {
        let url = server.url("localhost", &format!("sslmode={mode}&sslrootcert={root}"));
        assert!(encrypts(&server, Crm::builder(url)).await, "{mode}");
    }
    let other = server.file("other.pem", &Authority::self_signed(false).certificate);
    let url = server.url("localhost", &format!("sslmode=verify-ca&sslrootcert={other}"));
    refused(&url, "invalid peer certificate").await;

    let identity = Authority::self_signed(true);
    let certificate = identity.certificate.clone();
    let server = Server::start(Some(identity)).await;
    let root = server.file("root.pem", &certificate);
    for mode in ["verify-ca", "verify-full"] {
        let url = server.url("localhost", &format!("sslmode={mode}&sslrootcert={root}"));
        refused(&url, "basicConstraints=CA:FALSE").await;
    }
    assert!(encrypts(&server, Crm::builder(server.url("localhost", "sslmode=require"))).await);
}

#[tokio::test]
async fn a_unix_socket_ignores_the_mode_as_in_libpq() {
    let server = crm_tests::Database::fresh().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{}&sslmode={mode}", server.url);
        Crm::connect(url).await.unwrap().close().await;
        let option = Crm::builder(&*server.url).ssl_mode(mode.parse().unwrap());
        option.connect().await.unwrap().close().await;
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.expired_localhost())).await;
    let root = server.file("root.pem", &authority.pem());
    for mode in ["verify-ca", "verify-full"] {
        let url = server.url("localhost", &format!("sslmode={mode}&sslrootcert={root}"));
        refused(&url, "expired").await;
    }
    let require = server.url("localhost", "sslmode=require");
    assert!(encrypts(&server, Crm::builder(require)).await);
}

#[tokio::test]
async fn each_mode_encrypts_or_does_not_and_the_builder_overrides_the_url() {
    let server = Server::start(Some(Authority::new().localhost())).await;
    for (parameters, expected) in [
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=require", true),
        ("sslmode=allow", false),
        ("sslmode=disable", false),
    ] {
        let builder = Crm::builder(server.url("localhost", parameters));
        assert_eq!(encrypts(&server, builder).await, expected, "{parameters}");
    }

    let builder = |parameters: &str| Crm::builder(server.url("localhost", parameters));
    let require = builder("sslmode=disable").ssl_mode(PgSslMode::Require);
    assert!(encrypts(&server, require).await);
    let error = builder("sslmode=prefer").ssl_mode(PgSslMode::VerifyFull).connect().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_demanded() {
    let server = Server::start(None).await;
    for mode in ["require", "verify-ca", "verify-full"] {
        refused(&server.url("localhost", &format!("sslmode={mode}")), "does not support TLS").await;
    }
    for parameters in ["", "sslmode=prefer"] {
        let builder = Crm::builder(server.url("localhost", parameters));
        assert!(!encrypts(&server, builder).await, "{parameters}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_by_its_parameter() {
    let server = Server::start(Some(Authority::new().localhost())).await;
    let empty = server.file("empty.pem", "");
    let broken = server.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for parameters in [
        "sslmode=verify-full&sslrootcert=/nowhere/root.pem".to_owned(),
        "sslmode=verify-ca&sslrootcert=/".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={broken}"),
        "sslmode=require&sslcert=/nowhere/client.pem&sslkey=/nowhere/client.key".to_owned(),
        format!("sslmode=require&sslcert={empty}&sslkey={empty}"),
        format!("sslmode=require&sslcert={empty}"),
    ] {
        refused(&server.url("localhost", &parameters), "sslcert").await;
    }
    // The driver takes a file without a certificate for one with none.
    let nobody = server.url("localhost", &format!("sslmode=verify-full&sslrootcert={empty}"));
    refused(&nobody, "UnknownIssuer").await;
}

#[tokio::test]
async fn a_key_that_has_lost_its_line_breaks_is_in_no_error() {
    let server = Server::start(Some(Authority::new().localhost())).await;
    let Identity { certificate, key } = Authority::new().localhost();
    let key = key.replace('\n', "");
    // The parser of PEM quotes what it does not understand byte by byte.
    let bytes = format!("{:?}", &key.as_bytes()[40..60]);
    let bytes = bytes.trim_matches(['[', ']']);
    let apart = (server.file("client.pem", &certificate), server.file("client.key", &key));
    let both = server.file("both.pem", &(certificate + &key));
    for (certificate, key) in [apart, (both.clone(), both)] {
        let parameters = format!("sslmode=require&sslcert={certificate}&sslkey={key}");
        let error = Crm::connect(server.url("localhost", &parameters)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert!(error.source().is_none() && !format!("{error} {error:?}").contains(bytes), "{error}");
    }
}

#[tokio::test]
async fn a_backup_is_encrypted_and_verifies_as_the_library_does() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.localhost())).await;
    let root = server.file("root.pem", &authority.pem());
    let verify = format!("sslmode=verify-full&sslrootcert={root}");
    let url = |mode: &str| server.url("localhost", mode);
    // A host's pool may have the root as a text.
    let options: PgConnectOptions = url("sslmode=verify-full").parse().unwrap();
    let pool = PgPool::connect_lazy_with(options.ssl_root_cert_from_pem(authority.pem().into_bytes()));
    let handles = [
        Crm::connect(url("sslmode=require")).await.unwrap(),
        Crm::connect(url(&verify.replace("full", "ca"))).await.unwrap(),
        Crm::connect(url(&verify)).await.unwrap(),
        Crm::from_pool(pool),
    ];
    for (n, crm) in handles.into_iter().enumerate() {
        crm.migrate().await.unwrap();
        let path = std::env::temp_dir().join(format!("crm-tls-backup-{}-{n}", std::process::id()));
        let (mut encrypted, mut observer) = (
            Vec::<bool>::new(),
            PgConnection::connect(&server.url("localhost", "sslmode=disable")).await.unwrap(),
        );
        // It waits for this table, and the library's own count does not.
        for statement in
            ["create table crm.parts (part int) partition by list (part)", "begin; lock table crm.parts"]
        {
            sqlx::raw_sql(statement).execute(&mut observer).await.unwrap();
        }
        let look = async {
            for _ in 0..6_000 {
                let dumps = "select ssl from pg_stat_ssl join pg_stat_activity using (pid)
                             where application_name = 'pg_dump' and wait_event_type = 'Lock'";
                sqlx::raw_sql("select pg_stat_clear_snapshot()").execute(&mut observer).await.unwrap();
                encrypted = sqlx::query_scalar(dumps).fetch_all(&mut observer).await.unwrap();
                if !encrypted.is_empty() {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            observer.close().await.unwrap();
        };
        let (done, ()) = tokio::join!(crm.backup(&path), look);
        assert_eq!(done.map(drop).map_err(|error| error.to_string()), Ok(()), "{n}");
        assert_eq!(encrypted, [true], "{n}");
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(path.with_extension("json")).unwrap();
        crm.close().await;
        let mut connection =
            PgConnection::connect(&server.url("localhost", "sslmode=disable")).await.unwrap();
        sqlx::raw_sql("drop schema crm cascade").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}
