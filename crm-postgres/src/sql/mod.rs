//! The texts of statements with their parameters, and the columns of their rows.

mod builder;
pub(crate) mod column;
pub(crate) mod row;

pub(crate) use builder::Sql;
