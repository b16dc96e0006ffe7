//! No password, no hash and no URL's secret shows: in no log, in no error and in no `Debug`.

mod collect;
mod shown;
mod users;

pub(crate) use collect::Collector;
