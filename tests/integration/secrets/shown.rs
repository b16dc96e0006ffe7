//! What `Debug` shows of what holds a secret.

use crm_core::{Credential, NewUser, Password, PasswordHash, Validate};
use crm_postgres::{Crm, SeedPasswords, Seeded};

use super::collect::{Collector, Secrets, spelt};

const SECRET: &str = "Needle in a haystack";
const HASH: &str = "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C";

#[test]
fn debug_shows_no_password_and_no_hash() {
    let mut secrets = Secrets::default();
    secrets.add(SECRET);
    secrets.add_hash(HASH);
    let (password, hash) = (Password::new(SECRET), PasswordHash::new(HASH));
    let users = [
        NewUser::new("Ann", "ann@example.com", password.clone()),
        NewUser::new("Ann", "ann@example.com", hash.clone()),
    ];
    let credentials = [Credential::from(password.clone()), Credential::from(hash.clone())];
    let valid = users.clone().map(|user| user.validate().unwrap());
    let new = password.clone().validate().unwrap();
    let seeds = SeedPasswords { admin: Some(password.clone()), user: Some(password.clone()) };
    let seeded = Seeded { admin: password.clone(), user: password.clone() };
    let all = (password, hash, users, credentials, valid, new, seeds, seeded);
    secrets.assert_absent(&format!("{all:?} {all:#?}"));
    for refused in [
        NewUser::new("", SECRET, Password::new(SECRET.repeat(10))).validate(),
        NewUser::new("", "", PasswordHash::new(HASH.repeat(2))).validate(),
        NewUser::new("", "", PasswordHash::new(SECRET)).validate(),
    ] {
        secrets.assert_absent(&spelt(&refused.unwrap_err()));
    }
}

#[test]
fn a_builder_shows_where_its_url_leads_and_no_password_however_it_is_spelt() {
    let leading = [
        "postgres://ann:Needle@127.0.0.1:1/app",
        "postgresql://ann:N%65edle@127.0.0.1:1/app",
        "postgres://ann:Needle%2F%40%3F%23%25@127.0.0.1:1/app",
        "postgres://ann:Needle:'\"\\ {}<>|^`@127.0.0.1:1/app",
        "postgres://ann:Needle@@127.0.0.1:1/app",
        "postgres://ann:\u{e9}Needle@127.0.0.1:1/app",
        "postgres://ann@127.0.0.1:1/app?password=Needle",
        "postgres://ann@127.0.0.1:1/app?password=N%65edle&sslmode=prefer",
        "postgres://ann@127.0.0.1:1/app?password=@Needle",
        "postgres://127.0.0.1:1/?user=ann&dbname=app&password=Needle",
        "postgres://ann@127.0.0.1:1/app?p%61ssword=Needle",
        " postgres://ann:Needle@127.0.0.1:1/app",
    ];
    let invalid = [
        "postgres://ann:12/Needle@127.0.0.1:1/app",
        "postgres://ann:12?Needle@127.0.0.1:1/app",
        "postgres://ann:12?a=Needle@127.0.0.1:1/app",
        "postgres://ann:12#Needle@127.0.0.1:1/app",
        "postgres://ann:Needle/12@127.0.0.1:1/app",
        "postgres://ann:Needle@127.0.0.1:port/app",
        "postgres://ann@127.0.0.1:1/app?passwd=Needle",
        "postgres://ann@127.0.0.1:1/app?password=a&Needle",
        "postgres://ann@127.0.0.1:1/app?password=a&b&Needle=1",
        "postgres://ann@127.0.0.1:1/app?password=a#Needle",
        "postgres://ann:Needle%00@127.0.0.1:1/app",
        "postgres:ann:Needle@127.0.0.1:1/app",
        "postgres:/ann:Needle@127.0.0.1:1/app",
        "ann:Needle@127.0.0.1:1/app",
        "mysql://ann:Needle@127.0.0.1:1/app",
        "host=127.0.0.1 port=1 user=ann password=Needle dbname=app",
        "Needle",
    ];
    let (runtime, collector) = Collector::runtime();
    for (url, leads) in leading.map(|url| (url, true)).into_iter().chain(invalid.map(|url| (url, false))) {
        let (said, error) = runtime.block_on(async move {
            tokio::spawn(async move {
                let builder = Crm::builder(url);
                let said = format!("{builder:?} {builder:#?}");
                (said, builder.connect().await.unwrap_err())
            })
            .await
            .unwrap()
        });
        for part in ["server: \"127.0.0.1:1\"", "database: Some(\"app\")", "user: \"ann\""] {
            assert_eq!(said.contains(part), leads, "{part} of {url} in {said}");
        }
        assert_eq!(error.code().as_str(), if leads { "unavailable" } else { "validation" }, "{url}");
        let all = format!("{said} {} {}", spelt(&error), collector.take().join("\n"));
        assert!(!all.contains("Needle") && !all.contains("N%65edle"), "{url} shows in {all}");
    }
}
