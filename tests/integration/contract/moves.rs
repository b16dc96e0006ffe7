//! What users, leads and tasks do beyond the common.

use crm_core::{Entity, Lead, NewLead, NewTask, NewUser, Role, Stage, Store, Task, TaskStatus, User};

use super::tools::*;

pub(super) async fn a_user_is_found_by_email_without_regard_to_case(crm: &dyn Store) {
    let ann = user(crm, "Ann.Lee@Example.com").await;
    user(crm, "other@example.com").await;
    for email in ["Ann.Lee@Example.com", "ann.lee@example.com", "ANN.LEE@EXAMPLE.COM"] {
        assert_eq!(crm.users().find_by_email(email).await.unwrap().as_ref(), Some(&ann));
    }
    for email in ["ann@example.com", "ann.lee@example.co", "ann_lee@example.com", "%", ""] {
        assert_eq!(crm.users().find_by_email(email).await.unwrap(), None);
    }
    crm.users().deactivate(ann.id).await.unwrap();
    assert_eq!(crm.users().find_by_email("ann.lee@example.com").await.unwrap().unwrap().id, ann.id);
}

pub(super) async fn a_user_is_deactivated_and_reactivated(crm: &dyn Store) {
    let new = NewUser { role: Role::Admin, ..NewUser::new("Ann", "ann@example.com", hash()) };
    let active: User = create(crm, new).await;
    pause().await;
    let retired = crm.users().deactivate(active.id).await.unwrap();
    assert!(retired.deactivated_at.unwrap() > active.created_at);
    assert!(retired.updated_at > active.updated_at);
    let mut expected = User { deactivated_at: retired.deactivated_at, ..active.clone() };
    expected.restamp(&retired);
    assert_eq!((&retired, retired.version), (&expected, 2));
    assert_eq!(get::<User>(crm, active.id).await, retired);

    let back = crm.users().reactivate(active.id).await.unwrap();
    let mut expected = active;
    expected.restamp(&back);
    assert_eq!((&back, back.version), (&expected, 3));
}

pub(super) async fn deactivating_and_reactivating_again_changes_nothing(crm: &dyn Store) {
    let active = user(crm, "ann@example.com").await;
    assert_eq!(crm.users().reactivate(active.id).await.unwrap(), active);
    let retired = crm.users().deactivate(active.id).await.unwrap();
    pause().await;
    assert_eq!(crm.users().deactivate(active.id).await.unwrap(), retired);
    assert_eq!(get::<User>(crm, active.id).await, retired);
    let gone = i64::MAX.into();
    assert_not_found::<User, _>(crm.users().deactivate(gone).await, gone);
    assert_not_found::<User, _>(crm.users().reactivate(gone).await, gone);
}

pub(super) async fn a_lead_moves_from_any_stage_to_any(crm: &dyn Store) {
    let mut lead: Lead = create(crm, NewLead::new("Deal")).await;
    for &from in Stage::ALL {
        for &to in Stage::ALL {
            lead = crm.leads().move_to(lead.id(), from).await.unwrap();
            let moved = crm.leads().move_to(lead.id, to).await.unwrap();
            let mut expected = Lead { stage: to, ..lead.clone() };
            if from == to {
                assert_eq!(moved, lead);
            } else {
                expected.restamp(&moved);
                assert_eq!((&moved, moved.version), (&expected, lead.version + 1));
            }
            assert_eq!(get::<Lead>(crm, lead.id).await, moved);
        }
    }
    let gone = i64::MAX.into();
    assert_not_found::<Lead, _>(crm.leads().move_to(gone, Stage::Lead).await, gone);
}

pub(super) async fn a_task_moves_from_any_status_to_any(crm: &dyn Store) {
    async fn put(crm: &dyn Store, task: &Task, status: TaskStatus) -> Task {
        let moved = match status {
            TaskStatus::Pending => crm.tasks().reopen(task.id).await,
            TaskStatus::InProgress => crm.tasks().start(task.id).await,
            TaskStatus::Completed => crm.tasks().complete(task.id).await,
        };
        moved.unwrap()
    }

    let mut task: Task = create(crm, NewTask::new("Call")).await;
    for &from in TaskStatus::ALL {
        for &to in TaskStatus::ALL {
            task = put(crm, &task, from).await;
            let moved = put(crm, &task, to).await;
            let mut expected = Task { status: to, ..task.clone() };
            if from == to {
                assert_eq!(moved, task);
            } else {
                expected.restamp(&moved);
                assert_eq!((&moved, moved.version), (&expected, task.version + 1));
            }
            assert_eq!(get::<Task>(crm, task.id).await, moved);
        }
    }
    let gone = i64::MAX.into();
    assert_not_found::<Task, _>(crm.tasks().start(gone).await, gone);
    assert_not_found::<Task, _>(crm.tasks().complete(gone).await, gone);
    assert_not_found::<Task, _>(crm.tasks().reopen(gone).await, gone);
}
