//! A mock of every repository.

#![expect(unreachable_pub, reason = "mockall writes public items that only it reaches")]

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use mockall::mock;

use crate::{
    ActivityQuery, Customer, CustomerActivity, CustomerFilter, CustomerId, CustomerOrderBy, CustomerOverview,
    CustomerPatch, CustomerRepository, DueTask, DueTasksQuery, Interaction, InteractionFilter, InteractionId,
    InteractionOrderBy, InteractionPatch, InteractionRepository, Lead, LeadFilter, LeadId, LeadOrderBy,
    LeadPatch, LeadRepository, List, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Order, Page,
    Password, PipelineStage, Reports, Repositories, Repository, Result, Snapshot, Stage, TagCount, Tags,
    Task, TaskFilter, TaskId, TaskOrderBy, TaskPatch, TaskRepository, User, UserFilter, UserId, UserOrderBy,
    UserPatch, UserRepository, Valid,
};

/// Declares the mock of a repository: the ten methods that all have, and those of its own trait.
///
/// It takes the methods apart because `self` has to come from the same macro as `mock!`.
macro_rules! mock_repository {
    (
        $(#[$meta:meta])*
        $name:ident: $entity:ident, $id:ident, $new:ident, $patch:ident, $filter:ident, $order_by:ident {
            $(async fn $own:ident(&self $($arguments:tt)*) -> $answer:ty;)*
        }
    ) => {
        mock! {
            $(#[$meta])*
            pub $name {}

            #[async_trait]
            impl Repository<$entity> for $name {
                async fn create(&self, new: Valid<$new>) -> Result<$entity>;
                async fn create_many(&self, new: Vec<Valid<$new>>) -> Result<Vec<$id>>;
                async fn get(&self, id: $id) -> Result<$entity>;
                async fn find(&self, id: $id) -> Result<Option<$entity>>;
                async fn get_many(&self, ids: &[$id]) -> Result<Vec<$entity>>;
                async fn list(&self, list: &List<$entity>) -> Result<Page<$entity>>;
                fn stream(&self, filter: $filter, order: Order<$order_by>) -> BoxStream<'static, Result<$entity>>;
                async fn count(&self, filter: &$filter) -> Result<i64>;
                async fn update(
                    &self,
                    id: $id,
                    patch: Valid<$patch>,
                    expected_version: Option<i64>,
                ) -> Result<$entity>;
                async fn delete(&self, id: $id) -> Result<()>;
            }

            #[async_trait]
            impl $name for $name {
                $(async fn $own(&self $($arguments)*) -> $answer;)*
            }
        }
    };
}

mock_repository! {
    /// Mocks a [`UserRepository`].
    UserRepository: User, UserId, NewUser, UserPatch, UserFilter, UserOrderBy {
        async fn find_by_email(&self, email: &str) -> Result<Option<User>>;
        async fn authenticate(&self, email: &str, password: Password) -> Result<User>;
        async fn change_password(&self, id: UserId, current: Password, new: Valid<Password>) -> Result<()>;
        async fn set_password(&self, id: UserId, new: Valid<Password>) -> Result<()>;
        async fn deactivate(&self, id: UserId) -> Result<User>;
        async fn reactivate(&self, id: UserId) -> Result<User>;
    }
}

mock_repository! {
    /// Mocks a [`CustomerRepository`].
    CustomerRepository:
    Customer, CustomerId, NewCustomer, CustomerPatch, CustomerFilter, CustomerOrderBy {
        async fn add_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer>;
        async fn remove_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer>;
        async fn tag_counts(&self) -> Result<Vec<TagCount>>;
        async fn overview(&self, id: CustomerId, recent: u32) -> Result<CustomerOverview>;
    }
}

mock_repository! {
    /// Mocks a [`LeadRepository`].
    LeadRepository: Lead, LeadId, NewLead, LeadPatch, LeadFilter, LeadOrderBy {
        async fn move_to(&self, id: LeadId, stage: Stage) -> Result<Lead>;
    }
}

mock_repository! {
    /// Mocks a [`TaskRepository`].
    TaskRepository: Task, TaskId, NewTask, TaskPatch, TaskFilter, TaskOrderBy {
        async fn start(&self, id: TaskId) -> Result<Task>;
        async fn complete(&self, id: TaskId) -> Result<Task>;
        async fn reopen(&self, id: TaskId) -> Result<Task>;
    }
}

mock_repository! {
    /// Mocks an [`InteractionRepository`].
    InteractionRepository:
    Interaction, InteractionId, NewInteraction, InteractionPatch, InteractionFilter, InteractionOrderBy {}
}

mock! {
    /// Mocks [`Reports`].
    pub Reports {}

    #[async_trait]
    impl Reports for Reports {
        async fn customer_activity(&self, query: &ActivityQuery) -> Result<Page<CustomerActivity>>;
        async fn pipeline(&self) -> Result<Vec<PipelineStage>>;
        async fn due_tasks(&self, query: &DueTasksQuery) -> Result<Page<DueTask>>;
        async fn snapshot(&self, activity: &ActivityQuery, due_tasks: &DueTasksQuery) -> Result<Snapshot>;
    }
}

macro_rules! mock_store {
    ({} $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        /// Hands out one mock of each repository. A call that the test did not announce panics.
        #[derive(Default)]
        pub struct MockStore {
            $(
                #[doc = concat!("The mock behind [`Repositories::", stringify!($name), "`].")]
                pub $name: $mock,
            )+
            /// The mock behind [`Repositories::reports`].
            pub reports: MockReports,
        }

        impl Repositories for MockStore {
            $(
                fn $name(&self) -> &dyn $repository {
                    &self.$name
                }
            )+

            fn reports(&self) -> &dyn Reports {
                &self.reports
            }
        }
    };
}

crate::with_entities!([mock_store]);

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, TryStreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn every_kind_of_answer_can_be_mocked() {
        let mut mock = MockStore::default();
        mock.users.expect_find_by_email().withf(|email| email == "ann@example.com").return_once(|_| Ok(None));
        mock.leads.expect_stream().return_once(|_, _| stream::empty().boxed());
        mock.tasks.expect_get_many().withf(|ids| ids == [TaskId(1)]).return_once(|_| Ok(Vec::new()));
        mock.reports.expect_pipeline().return_once(|| Ok(Vec::new()));
        assert_eq!(mock.users().find_by_email("ann@example.com").await.unwrap(), None);
        let streamed = mock.leads().stream(LeadFilter::default(), Order::default());
        assert_eq!(streamed.try_collect::<Vec<_>>().await.unwrap(), []);
        assert_eq!(mock.tasks().get_many(&[TaskId(1)]).await.unwrap(), []);
        assert_eq!(mock.reports().pipeline().await.unwrap(), []);
    }
}
