//! The entities, a file each with the same parts in the same order: the entity, what creates and changes one, what selects some,
//! what orders them, and the repository's own operations.

mod assignee;
mod customers;
mod interactions;
mod leads;
mod tasks;
mod users;

pub use assignee::Assignee;
pub use customers::{
    Customer, CustomerFilter, CustomerOrderBy, CustomerOverview, CustomerPatch, CustomerRepository,
    NewCustomer, TagCount, Tags,
};
pub use interactions::{
    Interaction, InteractionFilter, InteractionOrderBy, InteractionPatch, InteractionRepository,
    InteractionType, NewInteraction,
};
pub use leads::{Lead, LeadFilter, LeadOrderBy, LeadPatch, LeadRepository, NewLead, Stage};
pub use tasks::{NewTask, Priority, Task, TaskFilter, TaskOrderBy, TaskPatch, TaskRepository, TaskStatus};
pub use users::{NewUser, Role, User, UserFilter, UserOrderBy, UserPatch, UserRepository};
