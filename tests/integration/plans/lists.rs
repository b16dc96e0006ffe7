//! The pages of lists: in every order, and with every filter.

use crm_core::*;
use crm_postgres::Crm;
use crm_tests::amount;

use super::{Group, MIDDLE, PAGE, Suite, data, filters, is_excepted, judge};

pub(super) const ORDERS: Group = Group { name: "order", operations: &["crm.list"] };
pub(super) const FILTERS: Group = Group { name: "filter", operations: &["crm.list"] };

/// Lists the pages that an order has: the first, one from the middle, and one among the rows without a value.
async fn pages<E: Entity>(
    suite: &mut Suite,
    repository: impl Fn(&Crm) -> &dyn Repository<E>,
    index: impl Fn(E::OrderBy) -> &'static str,
) where
    E::Id: From<i64>,
{
    let crm = suite.capture.crm.clone();
    let repository = repository(&crm);
    let middle = repository.get((data::ROWS / 2).into()).await.unwrap();
    for &by in E::OrderBy::ALL {
        for order in [Order::ascending(by), Order::descending(by)] {
            let list = List::<E>::new().order(order);
            let name = format!("order: {} by {order}", E::KIND.plural());
            suite.case(&name, &[index(by)], 2 * PAGE, repository.list(&list)).await;
            // Where the first page is an exception, all of them are.
            if is_excepted(&name) && amount(true, false) {
                break;
            }
            let cursor = |position: &Position| Cursor::encode(E::KIND.plural(), &order.to_string(), position);
            let next = list.clone().after(cursor(&middle.position(by)));
            suite.case(&format!("{name}{MIDDLE}"), &[index(by)], 2 * PAGE, repository.list(&next)).await;
            let null = Position { key: SortKey::Null, id: data::ROWS / 2 };
            if by.takes(&null.key) {
                let next = list.clone().after(cursor(&null));
                let page = suite
                    .case(&format!("{name}, among the nulls"), &[index(by)], 2 * PAGE, repository.list(&next))
                    .await;
                assert_eq!(page.items.len(), DEFAULT_LIMIT as usize);
            }
        }
    }
}

#[tokio::test]
async fn every_order_with_an_index_reads_only_its_page() {
    judge(&ORDERS, &data::url().await, async |suite| {
        pages::<User>(
            suite,
            |crm| crm.users(),
            |by| match by {
                UserOrderBy::Id => "users_pkey",
                UserOrderBy::CreatedAt | UserOrderBy::UpdatedAt | UserOrderBy::Name => "",
            },
        )
        .await;
        pages::<Customer>(
            suite,
            |crm| crm.customers(),
            |by| match by {
                CustomerOrderBy::Id => "customers_pkey",
                CustomerOrderBy::Name => "idx_customers_name",
                CustomerOrderBy::CreatedAt | CustomerOrderBy::UpdatedAt => "",
            },
        )
        .await;
        pages::<Lead>(
            suite,
            |crm| crm.leads(),
            |by| match by {
                LeadOrderBy::Id => "leads_pkey",
                LeadOrderBy::Value => "idx_leads_value",
                LeadOrderBy::CreatedAt | LeadOrderBy::UpdatedAt | LeadOrderBy::Title => "",
            },
        )
        .await;
        pages::<Task>(
            suite,
            |crm| crm.tasks(),
            |by| match by {
                TaskOrderBy::Id => "tasks_pkey",
                TaskOrderBy::DueDate => "idx_tasks_due_date",
                TaskOrderBy::Priority => "idx_tasks_priority",
                TaskOrderBy::CreatedAt | TaskOrderBy::UpdatedAt | TaskOrderBy::Title => "",
            },
        )
        .await;
        pages::<Interaction>(
            suite,
            |crm| crm.interactions(),
            |by| match by {
                InteractionOrderBy::Id => "interactions_pkey",
                InteractionOrderBy::Date => "idx_interactions_date",
                InteractionOrderBy::CreatedAt => "",
            },
        )
        .await;
    })
    .await;
}

/// Takes the first page with a filter, and one from the middle.
async fn filtered<E: Entity>(suite: &mut Suite, repository: &dyn Repository<E>, cases: Vec<filters::Case<E>>)
where
    E::Filter: std::fmt::Debug,
{
    let known = format!("{:?}", E::Filter::default());
    for field in known.split([' ', '(']).filter_map(|word| word.strip_suffix(':')) {
        let is_covered =
            ["since", "until"].contains(&field) || cases.iter().any(|case| case.fields.contains(&field));
        assert!(is_covered, "no case filters {} by {field}", E::KIND.plural());
    }
    for filters::Case { name, filter, fields: _, indexes, budget } in cases {
        let name = format!("filter: {} {name}", E::KIND.plural());
        let list = List::<E>::new().filter(filter);
        suite.case(&name, indexes, budget, repository.list(&list)).await;
        let middle = Position { key: SortKey::Id, id: data::ROWS / 2 };
        let next = list.after(Cursor::encode(E::KIND.plural(), "-id", &middle));
        suite.case(&format!("{name}{MIDDLE}"), indexes, budget, repository.list(&next)).await;
    }
}

#[tokio::test]
async fn every_filter_with_an_index_reads_only_its_page() {
    judge(&FILTERS, &data::url().await, async |suite| {
        let crm = suite.capture.crm.clone();
        filtered::<User>(suite, crm.users(), filters::users()).await;
        filtered::<Customer>(suite, crm.customers(), filters::customers()).await;
        filtered::<Lead>(suite, crm.leads(), filters::leads()).await;
        filtered::<Task>(suite, crm.tasks(), filters::tasks()).await;
        filtered::<Interaction>(suite, crm.interactions(), filters::interactions()).await;
    })
    .await;
}
