//! New rows, one and many: what the foreign keys look up, and the questions that locate a row that was refused.

use crm_core::*;

use super::keys::undone;
use super::{Group, Suite, data, judge};
use crate::seed::{bcrypt, valid};

pub(super) const GROUP: Group = Group { name: "write", operations: &["crm.create", "crm.create_many"] };

/// Is how many rows are made at once.
pub(super) const MANY: u32 = 600;

/// Is the row that a refusal has to name.
const WRONG: usize = 150;

const NOBODY: i64 = 900_000_000;

pub(super) fn user(n: u32) -> NewUser {
    NewUser::new("New", format!("new{n}@crm.com"), bcrypt())
}

/// Makes an input that refers to whatever it can, in a way of its own for each number.
pub(super) fn customer(n: u32) -> NewCustomer {
    NewCustomer { created_by: Some(UserId(1 + i64::from(n))), ..NewCustomer::new("New") }
}

pub(super) fn lead(n: u32) -> NewLead {
    let n = i64::from(n);
    NewLead {
        customer_id: Some(CustomerId(1 + n)),
        assigned_to: Some(UserId(1 + n)),
        created_by: Some(UserId(2 + n)),
        ..NewLead::new("New")
    }
}

pub(super) fn task(n: u32) -> NewTask {
    let NewLead { customer_id, assigned_to, created_by, .. } = lead(n);
    NewTask { customer_id, assigned_to, created_by, ..NewTask::new("New") }
}

pub(super) fn interaction(n: u32) -> NewInteraction {
    let customer = CustomerId(1 + i64::from(n));
    NewInteraction {
        // Among the others' dates: a later one would be the last for the planner of any test beside this one.
        date: Some("2025-01-01T00:00:00Z".parse().unwrap()),
        created_by: Some(UserId(1 + i64::from(n))),
        ..NewInteraction::new(customer, InteractionType::Call)
    }
}

/// Creates one row, and many.
async fn created<E: Stored>(suite: &mut Suite, indexes: &[&str], new: impl Fn(u32) -> E::New) {
    let name = |what: &str| format!("write: {what} of {}", E::KIND.plural());
    undone(suite, &name("create"), indexes, async |tx| E::repository(tx).create(valid(new(0))).await).await;
    undone(suite, &name("create_many"), indexes, async |tx| {
        let ids = E::repository(tx).create_many((0..MANY).map(|n| valid(new(n))).collect()).await?;
        assert_eq!(ids.len(), MANY as usize);
        Ok(())
    })
    .await;
}

/// Creates many rows of which one is refused.
async fn refused<E: Stored>(
    suite: &mut Suite,
    field: &str,
    indexes: &[&str],
    new: impl Fn(u32) -> E::New,
    spoil: impl Fn(&mut E::New),
) {
    let mut rows: Vec<_> = (0..MANY).map(new).collect();
    spoil(&mut rows[WRONG]);
    let crm = suite.capture.crm.clone();
    let call = E::repository(&crm).create_many(rows.into_iter().map(valid).collect());
    let (result, statements) = suite.of(call).await;
    let found = match result.unwrap_err() {
        Error::MissingReference { field } | Error::Taken { field, .. } => field,
        error => panic!("{error:?}"),
    };
    assert_eq!(found, format!("[{WRONG}].{field}"));
    suite.judge(&format!("write: refused {} by {field}", E::KIND.plural()), indexes, MANY, &statements);
}

#[tokio::test]
async fn new_rows_look_at_what_they_refer_to_and_nothing_else() {
    judge(&GROUP, &data::url().await, async |suite| {
        const BOTH: [&str; 2] = ["users_pkey", "customers_pkey"];
        created::<User>(suite, &[], user).await;
        created::<Customer>(suite, &["users_pkey"], customer).await;
        created::<Lead>(suite, &BOTH, lead).await;
        created::<Task>(suite, &BOTH, task).await;
        created::<Interaction>(suite, &BOTH, interaction).await;

        let (customer_id, user_id) = (Some(CustomerId(NOBODY)), Some(UserId(NOBODY)));
        refused::<User>(suite, "email", &["idx_users_email"], user, |new| {
            new.email = "USER60000@crm.com".to_owned();
        })
        .await;
        refused::<Customer>(suite, "created_by", &["users_pkey"], customer, |new| new.created_by = user_id)
            .await;
        refused::<Lead>(suite, "customer_id", &BOTH, lead, |new| new.customer_id = customer_id).await;
        refused::<Lead>(suite, "assigned_to", &BOTH, lead, |new| new.assigned_to = user_id).await;
        refused::<Lead>(suite, "created_by", &BOTH, lead, |new| new.created_by = user_id).await;
        refused::<Task>(suite, "customer_id", &BOTH, task, |new| new.customer_id = customer_id).await;
        refused::<Task>(suite, "assigned_to", &BOTH, task, |new| new.assigned_to = user_id).await;
        refused::<Task>(suite, "created_by", &BOTH, task, |new| new.created_by = user_id).await;
        refused::<Interaction>(suite, "customer_id", &["customers_pkey"], interaction, |new| {
            new.customer_id = CustomerId(NOBODY);
        })
        .await;
        refused::<Interaction>(suite, "created_by", &BOTH, interaction, |new| new.created_by = user_id).await;
    })
    .await;
}
