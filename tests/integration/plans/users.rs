//! What only users can do: logging in, changing passwords, leaving and coming back.

use crm_core::*;
use crm_postgres::Tx;

use super::keys::undone;
use super::{Group, data, judge};

pub(super) const GROUP: Group = Group {
    name: "user",
    operations: &[
        "crm.users.find_by_email",
        "crm.users.authenticate",
        "crm.users.change_password",
        "crm.users.set_password",
        "crm.users.deactivate",
        "crm.users.reactivate",
    ],
};

const ID: UserId = UserId(60_000);
const EMAIL: &str = "User60000@CRM.com";

fn password() -> Password {
    Password::new("correct horse")
}

/// Gives the user a hash as another system has made it, which a login replaces.
async fn import(tx: &Tx) -> Result<&'static str> {
    let hash = crm_tests::quick().hash(&password())?;
    let email = "imported@crm.com";
    tx.users().create(NewUser::new("Imported", email, hash).validate()?).await?;
    Ok(email)
}

#[tokio::test]
async fn a_user_is_found_by_an_index_whatever_for() {
    judge(&GROUP, &data::url().await, async |suite| {
        let crm = suite.capture.crm.clone();
        let found = suite
            .case("user: find_by_email", &["idx_users_email"], 1, crm.users().find_by_email(EMAIL))
            .await;
        assert_eq!(found.unwrap().id, ID);
        let nobody = async { Ok(crm.users().authenticate("nobody@crm.com", password()).await.unwrap_err()) };
        suite.case("user: authenticate, nobody", &["idx_users_email"], 1, nobody).await;
        undone(
            suite,
            "user: set_password, authenticate, change_password",
            &["users_pkey", "idx_users_email"],
            async |tx| {
                let users = tx.users();
                users.set_password(ID, password().validate()?).await?;
                users.authenticate(EMAIL, password()).await?;
                users.change_password(ID, password(), Password::new("battery staple").validate()?).await
            },
        )
        .await;
        undone(suite, "user: authenticate, imported", &["users_pkey", "idx_users_email"], async |tx| {
            let email = import(tx).await?;
            tx.users().authenticate(email, password()).await
        })
        .await;
        undone(suite, "user: deactivate, reactivate", &["users_pkey"], async |tx| {
            tx.users().deactivate(ID).await?;
            tx.users().deactivate(ID).await?;
            tx.users().reactivate(ID).await
        })
        .await;
    })
    .await;
}
