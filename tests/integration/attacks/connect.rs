//! A URL and its options lead to the database that they name as that user, or are refused.

use std::fmt::Write as _;

use crm_core::{ErrorCode, Repositories as _};
use crm_postgres::Crm;
use crm_tests::is_turn;

use super::strings::{all, shown};
use super::world::World;

/// Encodes a text for a URL.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").unwrap();
        all
    })
}

/// Connects, and asserts that whatever comes of it is this database as the user that owns it, or a refusal.
async fn try_out(world: &World, crm: crm_core::Result<Crm>, refusals: &[ErrorCode], text: &str) {
    match crm {
        Ok(crm) => {
            crm.users().get(world.admin).await.expect("it is this database, and its owner");
            crm.close().await;
        }
        Err(error) => assert!(refusals.contains(&error.code()), "{}: {error}", shown(text)),
    }
}

#[tokio::test]
async fn an_application_name_is_a_name_and_no_option() {
    let world = World::new().await;
    for (n, text) in all().into_iter().enumerate() {
        let builder = world.database.builder().application_name(&text);
        let url = format!("{}&application_name={}", world.database.url, encoded(&text));
        for (way, builder) in [builder, Crm::builder(url)].into_iter().enumerate() {
            if is_turn(n + way, 2) {
                let connected = builder.max_connections(1).connect().await;
                let fits = !text.contains('\0') && text.len() < 9_000;
                assert_eq!(connected.is_ok(), fits, "{}", shown(&text));
                try_out(&world, connected, &[ErrorCode::Validation], &text).await;
            }
        }
    }
    world.assert_unharmed().await;
}

#[tokio::test]
async fn every_part_of_a_url_is_what_it_says_or_is_refused() {
    let world = World::new().await;
    let url = &world.database.url;
    let (head, parameters) = url.split_once('?').unwrap();
    let database = head.rsplit('/').next().unwrap();
    let nowhere = "postgres://postgres@localhost:1/nowhere?host=%2Fnowhere";
    for (n, text) in all().into_iter().enumerate() {
        for (way, part) in [&text, &encoded(&text)].into_iter().enumerate() {
            let led = [
                format!("postgres://{part}@localhost/{database}?{parameters}"),
                format!("postgres://postgres:{part}@localhost/{database}?{parameters}"),
                format!("postgres://postgres@localhost/{part}?{parameters}"),
                format!("{url}&user={part}"),
                format!("{url}&password={part}"),
                format!("{url}&dbname={part}"),
                format!("{url}&options={part}"),
                format!("{url}&sslmode={part}"),
                format!("{url}&port={part}"),
                format!("{url}&{part}=1"),
                format!("{nowhere}{part}"),
                format!("{part}://postgres@localhost/{database}?{parameters}"),
            ];
            let refusals = [ErrorCode::Validation, ErrorCode::Unavailable];
            for (_, url) in led.into_iter().enumerate().filter(|(place, _)| is_turn(n + place + 3 * way, 6)) {
                match Crm::connect(url).await {
                    Ok(crm) => match crm.users().get(world.admin).await {
                        Ok(_) => crm.close().await,
                        // The text is the name of another database.
                        Err(error) => assert_eq!(error.code(), ErrorCode::Schema, "{}", shown(&text)),
                    },
                    Err(error) => assert!(refusals.contains(&error.code()), "{}: {error}", shown(&text)),
                }
            }
        }
    }
    for part in ["postgres%00options%00-c role=crm_user", "postgres\0"] {
        let url = format!("postgres://{part}@localhost/{database}?{parameters}");
        assert_eq!(Crm::connect(&*url).await.unwrap_err().code(), ErrorCode::Validation);
        let url = format!("{url}&application_name={part}");
        assert_eq!(Crm::connect(url).await.unwrap_err().code(), ErrorCode::Validation);
    }
    world.assert_unharmed().await;
}
