//! In whose name things are read and written, whatever fails in between.

mod drops;
mod ground;
mod lost;
mod storm;

pub(crate) use drops::leave_anywhere;
pub(crate) use ground::{Ground, lead, leads, store};
pub(crate) use storm::storm;
