//! For the tests of an embedding application: a mock of every repository and an in-memory store.
//!
//! A function that takes [`Repositories`](crate::Repositories) is tested against [`MockStore`] where the test wants to
//! dictate the answers, and against [`MemoryStore`] where it wants a store that simply works:
//!
//! ```
//! use crm_core::testing::{MemoryStore, MockStore};
//! use crm_core::{Error, NewCustomer, Repositories, Result, Validate};
//!
//! async fn sign_up(crm: &dyn Repositories, name: &str) -> Result<String> {
//!     let customer = crm.customers().create(NewCustomer::new(name).validate()?).await?;
//!     Ok(format!("Welcome, {}!", customer.name))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! assert_eq!(sign_up(&MemoryStore::default(), " Ann ").await?, "Welcome, Ann!");
//!
//! let mut mock = MockStore::default();
//! mock.customers
//!     .expect_create()
//!     .withf(|new| new.name == "Ann")
//!     .return_once(|_| Err(Error::Serialization("somebody was faster".into())));
//! assert!(sign_up(&mock, "Ann").await.unwrap_err().retryable());
//! # Ok(())
//! # }
//! ```

mod memory;
mod mocks;

pub use memory::MemoryStore;
pub use mocks::{
    MockCustomerRepository, MockInteractionRepository, MockLeadRepository, MockReports, MockStore,
    MockTaskRepository, MockUserRepository,
};
