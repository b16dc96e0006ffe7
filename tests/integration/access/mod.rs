//! Who may do what: the one table, the acting handles and PostgreSQL's own roles say the same.

mod attempt;
mod calls;
mod cluster;
mod deleted;
mod denied;
mod hijack;
mod logins;
mod matrix;
mod operations;
mod owners;
mod planted;
mod privileges;
mod reporter;
mod settings;
mod state;
mod strangers;
mod trusted;
