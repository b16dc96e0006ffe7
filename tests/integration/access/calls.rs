//! The deeds as calls of the library and as statements.

use crm_core::{
    Customer, CustomerId, CustomerPatch, Entity, EntityKind, Interaction, InteractionId, InteractionPatch,
    InteractionType, Lead, LeadId, LeadPatch, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Patch,
    Priority, Repositories, Repository, Result, Stage, Task, TaskId, TaskPatch, TaskStatus, User, UserId,
    UserPatch,
};
use rust_decimal::Decimal;

use super::state::{Deed, NEW, NEW_USER, OTHER, columns, hash, other_role, password, values};
use crate::seed::valid;

/// Is the password that a deed sets.
pub(super) const NEW_PASSWORD: &str = "another password";

/// Is an entity with what the tests write into it, the same as [`values`] says.
pub(super) trait Sample: Entity {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self>;
    fn new() -> Self::New;
    fn patch() -> Self::Patch;
}

impl Sample for User {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
        crm.users()
    }

    fn new() -> NewUser {
        NewUser::new("Changed", "changed@example.com", crm_core::Password::new(NEW_PASSWORD))
    }

    fn patch() -> UserPatch {
        UserPatch { name: set("Changed"), email: set("changed@example.com"), role: Patch::Keep }
    }
}

impl Sample for Customer {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
        crm.customers()
    }

    fn new() -> NewCustomer {
        NewCustomer {
            name: "Changed".into(),
            email: Some("changed@example.com".into()),
            phone: Some("+1-555-0199".into()),
            company: Some("Changed".into()),
            tags: vec!["Changed".into()],
            notes: Some("Changed".into()),
            created_by: None,
        }
    }

    fn patch() -> CustomerPatch {
        CustomerPatch {
            name: set("Changed"),
            email: set("changed@example.com"),
            phone: set("+1-555-0199"),
            company: set("Changed"),
            tags: Patch::Set(vec!["Changed".into()]),
            notes: set("Changed"),
        }
    }
}

impl Sample for Lead {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
        crm.leads()
    }

    fn new() -> NewLead {
        NewLead {
            title: "Changed".into(),
            description: Some("Changed".into()),
            stage: Stage::Closed,
            value: Some(Decimal::new(7_00, 2)),
            customer_id: Some(CustomerId(OTHER)),
            assigned_to: Some(UserId(OTHER)),
            created_by: None,
        }
    }

    fn patch() -> LeadPatch {
        LeadPatch {
            title: set("Changed"),
            description: set("Changed"),
            stage: Patch::Set(Stage::Closed),
            value: Patch::Set(Decimal::new(7_00, 2)),
            customer_id: Patch::Set(CustomerId(OTHER)),
            assigned_to: Patch::Set(UserId(OTHER)),
        }
    }
}

impl Sample for Task {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
        crm.tasks()
    }

    fn new() -> NewTask {
        NewTask {
            title: "Changed".into(),
            description: Some("Changed".into()),
            status: TaskStatus::Completed,
            priority: Priority::High,
            due_date: Some("2030-01-02".parse().unwrap()),
            assigned_to: Some(UserId(OTHER)),
            customer_id: Some(CustomerId(OTHER)),
            created_by: None,
        }
    }

    fn patch() -> TaskPatch {
        TaskPatch {
            title: set("Changed"),
            description: set("Changed"),
            status: Patch::Set(TaskStatus::Completed),
            priority: Patch::Set(Priority::High),
            due_date: Patch::Set("2030-01-02".parse().unwrap()),
            assigned_to: Patch::Set(UserId(OTHER)),
            customer_id: Patch::Set(CustomerId(OTHER)),
        }
    }
}

impl Sample for Interaction {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
        crm.interactions()
    }

    fn new() -> NewInteraction {
        NewInteraction {
            customer_id: CustomerId(OTHER),
            kind: InteractionType::Note,
            notes: Some("Changed".into()),
            date: Some("2030-01-02T03:04:05Z".parse().unwrap()),
            created_by: None,
        }
    }

    fn patch() -> InteractionPatch {
        InteractionPatch {
            customer_id: Patch::Set(CustomerId(OTHER)),
            kind: Patch::Set(InteractionType::Note),
            notes: set("Changed"),
            date: Patch::Set("2030-01-02T03:04:05Z".parse().unwrap()),
        }
    }
}

fn set(text: &str) -> Patch<String> {
    Patch::Set(text.to_owned())
}

/// Does the deed through the library.
pub(super) async fn call(crm: &dyn Repositories, deed: Deed, entity: EntityKind, id: i64) -> Result<()> {
    match entity {
        EntityKind::User => match of_any::<User>(crm, deed, UserId(id)).await {
            Some(result) => result,
            None => of_user(crm, deed, UserId(id)).await,
        },
        EntityKind::Customer => of_any::<Customer>(crm, deed, CustomerId(id)).await.expect("it exists"),
        EntityKind::Lead => of_any::<Lead>(crm, deed, LeadId(id)).await.expect("it exists"),
        EntityKind::Task => of_any::<Task>(crm, deed, TaskId(id)).await.expect("it exists"),
        EntityKind::Interaction => {
            of_any::<Interaction>(crm, deed, InteractionId(id)).await.expect("it exists")
        }
        other => panic!("say here how {other} is called"),
    }
}

/// Does what every entity has.
async fn of_any<E: Sample>(crm: &dyn Repositories, deed: Deed, id: E::Id) -> Option<Result<()>> {
    let repository = E::of(crm);
    Some(match deed {
        Deed::Read => repository.get(id).await.map(|row| assert_eq!(row.id(), id)),
        Deed::Create => repository.create(valid(E::new())).await.map(drop),
        Deed::Update => repository.update(id, valid(E::patch()), None).await.map(drop),
        Deed::Delete => repository.delete(id).await,
        _ => return None,
    })
}

async fn of_user(crm: &dyn Repositories, deed: Deed, id: UserId) -> Result<()> {
    let users = crm.users();
    let new = valid(crm_core::Password::new(NEW_PASSWORD));
    match deed {
        Deed::ChangeRole => {
            let patch = UserPatch { role: Patch::Set(other_role(id.0).parse()?), ..UserPatch::default() };
            users.update(id, valid(patch), None).await.map(drop)
        }
        Deed::Deactivate => users.deactivate(id).await.map(drop),
        Deed::Reactivate => users.reactivate(id).await.map(drop),
        Deed::SetPassword => users.set_password(id, new).await,
        Deed::ChangePassword => users.change_password(id, password(id.0), new).await,
        Deed::Read | Deed::Create | Deed::Update | Deed::Delete => unreachable!("every entity has it"),
    }
}

/// Returns the deed as a statement, which returns a row for the one that it is done to.
pub(super) fn statement(deed: Deed, entity: EntityKind, id: i64) -> String {
    let table = format!("crm.{}", entity.plural());
    let update = |assignments: &str| format!("update {table} set {assignments} where id = {id} returning id");
    match deed {
        Deed::Read => {
            let readable = columns(entity).iter().copied().filter(|&column| column != "password");
            format!("select {} from {table} where id = {id}", readable.collect::<Vec<_>>().join(", "))
        }
        Deed::Create => {
            let of_user: &[_] = if entity == EntityKind::User { &NEW_USER } else { &[] };
            let (columns, values): (Vec<_>, Vec<_>) = values(entity)
                .iter()
                .chain(of_user)
                .map(|(column, value)| (*column, format!("'{value}'")))
                .unzip();
            format!(
                "insert into {table} ({}) values ({}) returning id",
                columns.join(", "),
                values.join(", ")
            )
        }
        Deed::Update => {
            let assignments = values(entity).iter().map(|(column, value)| format!("{column} = '{value}'"));
            update(&assignments.collect::<Vec<_>>().join(", "))
        }
        Deed::Delete => format!("delete from {table} where id = {id} returning id"),
        Deed::ChangeRole => update(&format!("role = '{}'", other_role(id))),
        Deed::Deactivate => update("deactivated_at = current_timestamp"),
        Deed::Reactivate => update("deactivated_at = null"),
        Deed::SetPassword => update(&format!("password = '{NEW}'")),
        Deed::ChangePassword => format!("select 1 where crm.change_password('{}', '{NEW}')", hash(id)),
    }
}
