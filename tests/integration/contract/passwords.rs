//! Passwords in transactions.

use crm_core::{NewUser, Password, Repositories, Store, User, UserFilter, UserId};

use super::tools::*;

const RIGHT: &str = "correct horse";
const OTHER: &str = "battery staple";

fn password(plain: &str) -> Password {
    Password::new(plain)
}

async fn ann(crm: &dyn Repositories) -> User {
    create(crm, NewUser::new("Ann", "Ann@Example.com", password(RIGHT))).await
}

async fn login(crm: &dyn Repositories, plain: &str) -> crm_core::Result<User> {
    crm.users().authenticate("ann@example.com", password(plain)).await
}

async fn change(crm: &dyn Repositories, id: UserId, current: &str, new: &str) -> crm_core::Result<()> {
    crm.users().change_password(id, password(current), valid(password(new))).await
}

async fn set(crm: &dyn Repositories, id: UserId, new: &str) -> crm_core::Result<()> {
    crm.users().set_password(id, valid(password(new))).await
}

pub(super) async fn a_password_goes_with_its_user_through_transactions(crm: &dyn Store) {
    let tx = crm.begin().await.unwrap();
    let made = ann(&*tx).await;
    assert_eq!(login(&*tx, RIGHT).await.unwrap(), made);
    assert_eq!(code(login(crm, RIGHT).await), "invalid_credentials");
    tx.commit().await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);

    let tx = crm.begin().await.unwrap();
    set(&*tx, made.id, OTHER).await.unwrap();
    assert_eq!(code(login(&*tx, RIGHT).await), "invalid_credentials");
    assert_eq!(code(change(&*tx, made.id, RIGHT, OTHER).await), "invalid_credentials");
    assert_eq!(login(&*tx, OTHER).await.unwrap().version, 2);
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);
    tx.rollback().await.unwrap();
    assert_eq!(login(crm, RIGHT).await.unwrap(), made);

    let tx = crm.begin().await.unwrap();
    change(&*tx, made.id, RIGHT, OTHER).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(login(crm, OTHER).await.unwrap().version, 2);

    crm.users().delete(made.id).await.unwrap();
    assert_eq!(code(login(crm, OTHER).await), "invalid_credentials");
    let again = ann(crm).await;
    assert_eq!(code(login(crm, OTHER).await), "invalid_credentials");
    assert_eq!(login(crm, RIGHT).await.unwrap(), again);
    assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 1);
}
